import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { compileProgram } from "../model/compile.ts";
import { intTensor } from "../tensor/tensor.ts";
import { admittedChanges, base, checkNodes, half, programOf, refuses, tensor } from "../testing/operators.ts";
import type { IntegerNode } from "./index.ts";

const none = { shift: 0, bits: 20, map: "none" } as const;

describe("matmul", () => {
  const weight = tensor([3, 5], -9, 9, 2);
  const bias = tensor([3], -20, 20, 3);
  const x = tensor([2, 5], -50, 50, 4);

  it.each([
    ["no rounding", { shift: 0, bits: 16, map: "none" } as const, (a: number) => a],
    ["rounding", { shift: 3, bits: 12, map: "none" } as const, (a: number) => half(a, 3)],
    ["rounding and relu", { shift: 5, bits: 8, map: "relu" } as const, (a: number) => Math.max(0, half(a, 5))],
    ["one bit", { shift: 1, bits: 13, map: "relu" } as const, (a: number) => Math.max(0, half(a, 1))],
  ])("is the sum over the last dimension, with %s", (_, rounding, f) => {
    const node: IntegerNode = { kind: "matmul", ...base("y", "x"), weight, bias, weightExponent: 2, rounding };
    const { compiled, output } = checkNodes([node], x, [-50, 50], 6);
    const expected = [0, 1].flatMap((r) =>
      [0, 1, 2].map((o) =>
        [0, 1, 2, 3, 4].reduce((s, k) => s + (weight.data[o * 5 + k] ?? 0) * (x.data[r * 5 + k] ?? 0), bias.data[o] ?? 0),
      ),
    );
    expect([...output.data]).toEqual(expected.map(f));
    const { admitted, tried } = admittedChanges(compiled, x, [1, -1, 2 ** rounding.shift, -(2 ** rounding.shift)]);
    expect(admitted).toEqual([]);
    expect(tried).toBeGreaterThan(30);
  });

  it("refuses a value outside its bits", () => {
    const node: IntegerNode = {
      kind: "matmul",
      ...base("y", "x"),
      weight,
      bias,
      weightExponent: 0,
      rounding: { shift: 0, bits: 6, map: "relu" },
    };
    expect(() => checkNodes([node], x, [-50, 50], 6)).toThrow(ModelError);
  });

  it("looks functions up", () => {
    const map = { function: "tanh", inputExponent: 4, outputExponent: 7 } as const;
    const node: IntegerNode = { kind: "matmul", ...base("y", "x"), weight, bias, weightExponent: 0, rounding: { shift: 4, bits: 9, map } };
    const { compiled, output } = checkNodes([node], x, [-50, 50], 6);
    expect([...output.data].every((v) => Math.abs(v) <= 128)).toBe(true);
    expect(admittedChanges(compiled, x, [1, -1]).admitted).toEqual([]);
  });
});

describe("add", () => {
  const x = tensor([2, 3], -40, 40, 12);
  const doubled: IntegerNode = {
    kind: "matmul",
    ...base("m", "x"),
    weight: tensor([3, 3], -3, 3, 13),
    bias: null,
    weightExponent: 0,
    rounding: none,
  };

  it("aligns the scales of two values", () => {
    const sum: IntegerNode = {
      kind: "add",
      ...base("y", "m", "x"),
      scales: [1, 3],
      constant: null,
      rounding: { shift: 2, bits: 12, map: "relu" },
    };
    const { compiled, output } = checkNodes([doubled, sum], x, [-40, 40], 6);
    const m = compiled.run(x).values.get("m")?.data ?? [];
    expect([...output.data]).toEqual([...x.data].map((v, i) => Math.max(0, half(2 * (m[i] ?? 0) + 8 * v, 2))));
    expect(admittedChanges(compiled, x, [1, -4]).admitted).toEqual([]);
  });

  it("repeats a constant along its dimensions of size 1", () => {
    const sum: IntegerNode = { kind: "add", ...base("y", "x"), scales: [2, 0], constant: intTensor([1, 3], [5, -6, 7]), rounding: none };
    const { output } = checkNodes([sum], x, [-40, 40], 6);
    expect([...output.data]).toEqual([...x.data].map((v, i) => 4 * v + ([5, -6, 7][i % 3] ?? 0)));
  });

  it("refuses values of different shapes", () => {
    const sum: IntegerNode = { kind: "add", ...base("y", "x", "t"), scales: [0, 0], constant: null, rounding: none };
    const turn: IntegerNode = { kind: "transpose", ...base("t", "x"), permutation: [1, 0] };
    expect(() => compileProgram(programOf([turn, sum], [2, 3], [0, 1], 6)).run(intTensor([2, 3], [0, 1, 0, 1, 0, 1]))).toThrow(ModelError);
  });
});

describe("relabelling", () => {
  const x = tensor([2, 3, 4], -9, 9, 14);
  const weight = tensor([2, 24], -5, 5, 15);
  const matmul: IntegerNode = { kind: "matmul", ...base("y", "f"), weight, bias: null, weightExponent: 0, rounding: none };
  const product = (values: readonly number[]) => [0, 1].map((o) => values.reduce((s, v, k) => s + v * (weight.data[o * 24 + k] ?? 0), 0));

  it("lets a MatMul contract over flattened axes", () => {
    const { output } = checkNodes([{ kind: "reshape", ...base("f", "x"), shape: [24] }, matmul], x, [-9, 9], 2);
    expect([...output.data]).toEqual(product([...x.data]));
  });

  it("transposes without moving a cell of the column", () => {
    const turned: number[] = [];
    for (let c = 0; c < 4; c++) for (let a = 0; a < 2; a++) for (let b = 0; b < 3; b++) turned.push(x.data[(a * 3 + b) * 4 + c] ?? 0);
    const { output } = checkNodes(
      [{ kind: "transpose", ...base("t", "x"), permutation: [2, 0, 1] }, { kind: "reshape", ...base("f", "t"), shape: [24] }, matmul],
      x,
      [-9, 9],
      2,
    );
    expect([...output.data]).toEqual(product(turned));
  });

  it("keeps, drops and adds dimensions of size 1", () => {
    const nodes: IntegerNode[] = [
      { kind: "reshape", ...base("a", "x"), shape: [1, 6, 1, 4] },
      { kind: "reshape", ...base("f", "a"), shape: [24, 1] },
      { kind: "reshape", ...base("g", "f"), shape: [24] },
    ];
    expect([...checkNodes([...nodes, { ...matmul, inputs: ["g"] }], x, [-9, 9], 2).output.data]).toEqual(product([...x.data]));
  });

  it("refuses to cut an axis", () => {
    expect(() => checkNodes([{ kind: "reshape", ...base("f", "x"), shape: [6, 2, 2] }], x, [-9, 9], 24)).toThrow("cuts through an axis");
  });
});

describe("relu and activation of a bare value", () => {
  it("rounds to the table", () => {
    const x = tensor([4, 5], -100, 100, 16);
    const { compiled, output } = checkNodes(
      [{ kind: "relu", ...base("y", "x"), rounding: { shift: 2, bits: 7, map: "relu" } }],
      x,
      [-100, 100],
      20,
    );
    expect([...output.data]).toEqual([...x.data].map((v) => Math.max(0, half(v, 2))));
    expect(admittedChanges(compiled, x, [1, -1, 4]).admitted).toEqual([]);
  });
});

describe("argmax", () => {
  const identity = (n: number) =>
    intTensor(
      [n, n],
      Int32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    );
  const copy: IntegerNode = {
    kind: "matmul",
    ...base("y", "x"),
    weight: identity(5),
    bias: null,
    weightExponent: 0,
    rounding: { shift: 0, bits: 8, map: "none" },
  };
  const compiled = compileProgram({
    name: "argmax",
    input: { name: "x", shape: [5], exponent: 0, range: [-100, 100] },
    nodes: [copy, { kind: "argmax", name: "argmax", inputs: ["y"], output: "class" }],
  });

  it.each([
    [[3, 9, -4, 9, 8], 1],
    [[-5, -5, -5, -5, -5], 0],
    [[0, 1, 2, 3, 4], 4],
    [[-100, 100, 100, 0, 100], 1],
  ])("of %s is %s, and no other index", (values, expected) => {
    const x = intTensor([5], values);
    const { result, columns } = compiled.witness(x);
    expect(result.classIndex).toBe(expected);
    expect(refuses(compiled, new Map(columns))).toBe(false);
    const d = compiled.built.system.columns.findIndex((c) => c.name === "argmax difference");
    for (let index = 0; index < 5; index++) {
      if (index === expected) continue;
      const lie = new Map([
        ...columns,
        [compiled.output, Int32Array.of(index)],
        [d, Int32Array.from(values, (v, j) => (values[index] ?? 0) - v - (j < index ? 1 : 0))],
      ] as const);
      expect(refuses(compiled, lie)).toBe(true);
    }
  });
});
