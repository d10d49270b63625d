import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { compileProgram } from "../model/compile.ts";
import { type IntTensor, intTensor, sizeOf } from "../tensor/tensor.ts";
import { admittedChanges, checkNodes, integers, programOf, refuses } from "../testing/operators.ts";
import type { IntegerNode } from "./index.ts";
import type { Rounding } from "./requantize.ts";
import type { Window } from "./window.ts";

const window = (
  kernel: [number, number],
  strides: [number, number],
  pads: [number, number, number, number],
  dilations: [number, number] = [1, 1],
): Window => ({
  kernel,
  strides,
  dilations,
  padsBefore: [pads[0], pads[1]],
  padsAfter: [pads[2], pads[3]],
});
const tensor = (shape: number[], low: number, high: number, seed: number): IntTensor =>
  intTensor(shape, integers(sizeOf(shape), low, high, seed));
const base = (output: string, ...inputs: string[]) => ({ name: output, inputs, output });
const none = { shift: 0, bits: 20, map: "none" } as const;

/** The definition of a convolution, cell by cell. */
function slowConv(x: IntTensor, w: IntTensor, bias: IntTensor | null, win: Window, rows: number, columns: number): number[] {
  const [oc = 0, ic = 0, kh = 0, kw = 0] = w.shape;
  const [, height = 0, width = 0] = x.shape;
  const out: number[] = [];
  for (let o = 0; o < oc; o++)
    for (let y = 0; y < rows; y++)
      for (let z = 0; z < columns; z++) {
        let sum = bias?.data[o] ?? 0;
        for (let c = 0; c < ic; c++)
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++) {
              const iy = y * win.strides[0] + i * win.dilations[0] - win.padsBefore[0];
              const ix = z * win.strides[1] + j * win.dilations[1] - win.padsBefore[1];
              if (iy >= 0 && iy < height && ix >= 0 && ix < width)
                sum += (w.data[((o * ic + c) * kh + i) * kw + j] ?? 0) * (x.data[(c * height + iy) * width + ix] ?? 0);
            }
        out.push(sum);
      }
  return out;
}

/** Every window's cells inside the image. */
function slowWindows(x: IntTensor, win: Window, rows: number, columns: number): number[][] {
  const [channels = 0, height = 0, width = 0] = x.shape;
  const out: number[][] = [];
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < rows; y++)
      for (let z = 0; z < columns; z++) {
        const cells: number[] = [];
        for (let i = 0; i < win.kernel[0]; i++)
          for (let j = 0; j < win.kernel[1]; j++) {
            const iy = y * win.strides[0] + i * win.dilations[0] - win.padsBefore[0];
            const ix = z * win.strides[1] + j * win.dilations[1] - win.padsBefore[1];
            if (iy >= 0 && iy < height && ix >= 0 && ix < width) cells.push(x.data[(c * height + iy) * width + ix] ?? 0);
          }
        out.push(cells);
      }
  return out;
}

const half = (a: number, s: number) => Math.floor((a + (s > 0 ? 2 ** (s - 1) : 0)) / 2 ** s);

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

describe("saturation", () => {
  const weight = tensor([3, 5], -9, 9, 2);
  const x = tensor([4, 5], -50, 50, 4);
  const exact = [0, 1, 2, 3].flatMap((r) =>
    [0, 1, 2].map((o) => [0, 1, 2, 3, 4].reduce((s, k) => s + (weight.data[o * 5 + k] ?? 0) * (x.data[r * 5 + k] ?? 0), 0)),
  );
  const node = (rounding: Rounding): IntegerNode => ({
    kind: "matmul",
    ...base("y", "x"),
    weight,
    bias: null,
    weightExponent: 0,
    rounding,
  });

  it.each([
    ["relu", 6, 3, 3, (q: number) => Math.min(Math.max(q, 0), 31)],
    ["relu", 5, 0, 6, (q: number) => Math.min(Math.max(q, 0), 15)],
    ["none", 6, 3, 2, (q: number) => Math.min(Math.max(q, -32), 31)],
    ["none", 5, 1, 5, (q: number) => Math.min(Math.max(q, -16), 15)],
  ] as const)("cuts with map %s to %i bits after a shift of %i", (map, bits, shift, high, f) => {
    const { compiled, output } = checkNodes([node({ map, bits, shift, high })], x, [-50, 50], 12);
    const q = exact.map((a) => half(a, shift));
    expect([...output.data]).toEqual(q.map(f));
    const cut = q.filter((v) => f(v) !== v && !(map === "relu" && v < 0)).length;
    expect(cut).toBeGreaterThan(2);
    expect(compiled.run(x).saturations).toBe(cut);
    const unit = 2 ** (map === "relu" ? bits - 1 : bits);
    expect(admittedChanges(compiled, x, [1, -1, unit, -unit], 8).admitted).toEqual([]);
  });

  it("cuts before a function", () => {
    const map = { function: "tanh", inputExponent: 4, outputExponent: 7 } as const;
    const { compiled, output } = checkNodes([node({ map, bits: 6, shift: 2, high: 3 })], x, [-50, 50], 12);
    expect([...output.data]).toEqual(exact.map((a) => Math.round(Math.tanh(Math.min(Math.max(half(a, 2), -32), 31) / 16) * 128)));
    expect(admittedChanges(compiled, x, [1, -1, 64], 4).admitted).toEqual([]);
  });

  it("admits no other way to write q", () => {
    const { compiled } = checkNodes([node({ map: "none", bits: 5, shift: 0, high: 5 })], x, [-50, 50], 12);
    const { columns } = compiled.witness(x);
    const id = (name: string) => compiled.built.system.columns.findIndex((c) => c.name === name);
    const names = ["y above", "y below", "y inside", "y cut", "y"];
    let tried = 0;
    for (const by of [1, -1]) {
      for (let i = 0; i < exact.length; i++) {
        // h is one more or less, l makes up for it; z, c and y follow.
        const [h, l, z, c, y] = names.map((n) => columns.get(id(n))?.slice() ?? new Int32Array()) as [
          Int32Array,
          Int32Array,
          Int32Array,
          Int32Array,
          Int32Array,
        ];
        h[i] = (h[i] ?? 0) + by;
        l[i] = (l[i] ?? 0) - 32 * by;
        z[i] = h[i] === 0 ? 1 : 0;
        c[i] = (h[i] ?? 0) < 0 ? -16 : h[i] === 0 ? 0 : 15;
        y[i] = (z[i] ?? 0) * ((l[i] ?? 0) - 16) + (c[i] ?? 0);
        expect(
          refuses(
            compiled,
            new Map([...columns, [id("y above"), h], [id("y below"), l], [id("y inside"), z], [id("y cut"), c], [id("y"), y]]),
          ),
        ).toBe(true);
        tried++;
      }
    }
    expect(tried).toBe(24);
  });

  it("refuses what even its upper part cannot hold", () => {
    expect(() => checkNodes([node({ map: "relu", bits: 5, shift: 0, high: 1 })], x, [-50, 50], 12)).toThrow(ModelError);
  });
});

describe("conv", () => {
  it.each([
    ["same padding", window([3, 3], [1, 1], [1, 1, 1, 1]), [5, 6], [5, 6]],
    ["strides and one-sided padding", window([2, 3], [2, 1], [0, 1, 1, 0]), [5, 6], [3, 5]],
    ["dilation", window([2, 2], [1, 2], [0, 0, 0, 0], [2, 3]), [5, 6], [3, 2]],
    ["padding wider than the image reaches", window([3, 1], [3, 1], [2, 0, 2, 0]), [2, 3], [2, 3]],
  ] as const)("matches the definition: %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -7, 30, 5);
    const weight = tensor([3, 2, ...win.kernel], -6, 6, 6);
    const bias = tensor([3], -9, 9, 7);
    const node: IntegerNode = {
      kind: "conv",
      ...base("y", "x"),
      window: win,
      weight,
      bias,
      weightExponent: 0,
      rounding: { shift: 2, bits: 12, map: "relu" },
    };
    const { compiled, output } = checkNodes([node], x, [-7, 30], 3 * rows * columns);
    expect(output.shape).toEqual([3, rows, columns]);
    expect([...output.data]).toEqual(slowConv(x, weight, bias, win, rows, columns).map((a) => Math.max(0, half(a, 2))));
    expect(admittedChanges(compiled, x, [1, -4], 2).admitted).toEqual([]);
  });
});

describe("maxpool", () => {
  const windows = [
    ["in the image", window([2, 2], [2, 2], [0, 0, 0, 0]), [4, 6], [2, 3]],
    ["overlapping", window([3, 2], [1, 2], [0, 0, 0, 0]), [4, 6], [2, 3]],
    ["reaching over the border", window([3, 3], [2, 2], [1, 1, 1, 1]), [5, 4], [3, 2]],
  ] as const;

  it.each(windows)("is the largest value, %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -60, -3, 8);
    const { output } = checkNodes([{ kind: "maxpool", ...base("y", "x"), window: win }], x, [-60, 60], 2 * rows * columns);
    expect([...output.data]).toEqual(slowWindows(x, win, rows, columns).map((cells) => Math.max(...cells)));
  });

  it.each(windows)("admits no other value, %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -60, 60, 9);
    const { compiled } = checkNodes([{ kind: "maxpool", ...base("y", "x"), window: win }], x, [-60, 60], 2 * rows * columns);
    const { system } = compiled.built;
    const id = (name: string) => system.columns.findIndex((c) => c.name === name);
    const cells = slowWindows(x, win, rows, columns);
    const size = win.kernel[0] * win.kernel[1];
    let tried = 0;
    for (const [k, inside] of cells.entries()) {
      for (const wrong of [...new Set(inside), Math.max(...inside) + 1]) {
        if (wrong === Math.max(...inside)) continue;
        // The best lie: y is another value, its differences follow, and the chosen cell is where they vanish, else any.
        const { columns: witness } = compiled.witness(x);
        const [y, d, s] = [id("y"), id("y difference"), id("y chosen")].map((c) => witness.get(c)?.slice() ?? new Int32Array()) as [
          Int32Array,
          Int32Array,
          Int32Array,
        ];
        const delta = wrong - (y[k] ?? 0);
        const old = s.slice(k * size, (k + 1) * size);
        y[k] = wrong;
        for (let c = 0; c < size; c++) if ((d[k * size + c] ?? 0) !== 0 || old[c] === 1) d[k * size + c] = (d[k * size + c] ?? 0) + delta;
        const zero = d.subarray(k * size, (k + 1) * size).indexOf(0);
        if (zero >= 0) {
          s.fill(0, k * size, (k + 1) * size);
          s[k * size + zero] = 1;
        }
        expect(refuses(compiled, new Map([...witness, [id("y"), y], [id("y difference"), d], [id("y chosen"), s]]))).toBe(true);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(10);
  });

  it("admits no chosen cell outside the image", () => {
    const [, win] = windows[2];
    const x = tensor([1, 5, 4], 0, 60, 10);
    const { compiled } = checkNodes([{ kind: "maxpool", ...base("y", "x"), window: win }], x, [0, 60], 6);
    const { columns } = compiled.witness(x);
    const id = compiled.built.system.columns.findIndex((c) => c.name === "y chosen");
    const s = columns.get(id)?.slice() ?? new Int32Array();
    s.fill(0, 0, 9);
    s[0] = 1; // the upper left cell of the first window is padding
    expect(refuses(compiled, new Map([...columns, [id, s]]))).toBe(true);
  });
});

describe("averagepool", () => {
  it.each([
    ["even windows", window([2, 2], [2, 2], [0, 0, 0, 0]), [4, 6], [2, 3]],
    ["odd windows and padding", window([3, 3], [2, 2], [1, 1, 1, 1]), [5, 4], [3, 2]],
    ["the whole image", window([5, 4], [1, 1], [0, 0, 0, 0]), [5, 4], [1, 1]],
  ] as const)("is the rounded mean: %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -60, 60, 11);
    const { compiled, output } = checkNodes([{ kind: "averagepool", ...base("y", "x"), window: win }], x, [-60, 60], 2 * rows * columns);
    const n = win.kernel[0] * win.kernel[1];
    const sum = (cells: number[]) => cells.reduce((a, b) => a + b, 0);
    expect([...output.data]).toEqual(slowWindows(x, win, rows, columns).map((cells) => Math.floor((sum(cells) + Math.floor(n / 2)) / n)));
    expect(admittedChanges(compiled, x, [1, -1, n, -n]).admitted).toEqual([]);
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
