import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { checkNoWrap } from "../system/bounds.ts";
import { intTensor, sizeOf } from "../tensor/tensor.ts";
import { firstViolation } from "../testing/check-system.ts";
import { integers } from "../testing/operators.ts";
import { calibrate } from "./calibrate.ts";
import { compileProgram } from "./compile.ts";
import { argMax, runFloat } from "./float.ts";
import type { FloatGraph, FloatNode, MapName } from "./graph.ts";
import { readProgram, writeProgram } from "./manifest.ts";
import { exponentsOf } from "./program.ts";
import { type QuantizeOptions, quantize } from "./quantize.ts";

const real = (shape: readonly number[], size: number, seed: number) => ({
  shape,
  data: Float64Array.from(integers(sizeOf(shape), -1000, 1000, seed), (v) => (v * size) / 1000),
});
const plain = { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], padsBefore: [0, 0], padsAfter: [0, 0] } as const;
const same = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], padsBefore: [1, 1], padsAfter: [1, 1] } as const;

/** A network with every kind of node. */
function network(map: MapName): FloatGraph {
  const base = (output: string, ...inputs: string[]) => ({ name: output, inputs, output });
  const nodes: FloatNode[] = [
    { kind: "conv", ...base("c1", "x"), window: same, weight: real([4, 2, 3, 3], 0.4, 1), bias: real([4], 0.3, 2), map: "none" },
    { kind: "map", ...base("m1", "c1"), map },
    { kind: "conv", ...base("c2", "m1"), window: same, weight: real([4, 4, 3, 3], 0.3, 3), bias: null, map: "none" },
    { kind: "add", ...base("a", "c2", "m1"), constant: null, map: "none" },
    { kind: "map", ...base("m2", "a"), map: "relu" },
    { kind: "add", ...base("k", "m2"), constant: real([4, 1, 1], 0.5, 4), map: "none" },
    { kind: "maxpool", ...base("p1", "k"), window: plain },
    { kind: "averagepool", ...base("p2", "p1"), window: { ...plain, strides: [1, 1] } },
    { kind: "transpose", ...base("t", "p2"), permutation: [1, 2, 0] },
    { kind: "reshape", ...base("f", "t"), shape: [16] },
    { kind: "matmul", ...base("y", "f"), weight: real([5, 16], 0.5, 5), bias: real([5], 0.2, 6), map: "none" },
  ];
  return { name: "all", input: { name: "x", shape: [2, 6, 6] }, nodes, output: "y", notes: [] };
}

const INPUT: QuantizeOptions["input"] = { exponent: 8, range: [-256, 255] };
const drawn = (seed: number) => integers(72, -256, 255, seed);
const asFloat = (cells: Int32Array) => ({ shape: [2, 6, 6], data: Float64Array.from(cells, (v) => v / 256) });

describe.each(["relu", "silu", "tanh", "gelu"] as const)("a network of every operator with %s", (map) => {
  const graph = network(map);
  const exponents = calibrate(
    graph,
    Array.from({ length: 10 }, (_, k) => asFloat(drawn(k + 1))),
    { bits: { tableBits: 12, activationBits: 12 } },
  );

  it.each([
    ["bounded", {}],
    ["calibrated", { exponents, tableBits: 12, activationBits: 12 }],
  ] as const)("%s: agrees with the float network and satisfies its system", (_, bits) => {
    const program = quantize(graph, { input: INPUT, ...bits });
    const compiled = compileProgram(program);
    checkNoWrap(compiled.built.system, compiled.built.weights);
    const scales = exponentsOf(program);
    let agreeing = 0;
    for (let seed = 100; seed < 140; seed++) {
      const cells = drawn(seed);
      const float = runFloat(graph, asFloat(cells));
      const result = compiled.run(intTensor([2, 6, 6], cells));
      if (result.classIndex === argMax(float.get("y")?.data ?? [])) agreeing++;
      const [logits, expected] = [result.logits.data, float.get("y")?.data ?? new Float64Array()];
      const size = Math.max(...expected.map(Math.abs));
      for (const [i, v] of logits.entries())
        expect(Math.abs(v / 2 ** (scales.get("y") ?? 0) - (expected[i] ?? 0))).toBeLessThan(0.05 * size);
    }
    expect(agreeing).toBeGreaterThanOrEqual(38);
    const { columns } = compiled.witness(intTensor([2, 6, 6], drawn(1)));
    expect(firstViolation(compiled.built, columns)).toBeNull();
  });

  it("never leaves its bounds, at the ends of the input's range neither", () => {
    const compiled = compileProgram(quantize(graph, { input: INPUT }));
    for (let seed = 1; seed < 30; seed++) {
      const cells = integers(72, 0, 1, seed).map((v) => (v === 0 ? -256 : 255));
      expect(compiled.run(intTensor([2, 6, 6], cells)).saturations).toBe(0);
    }
  });

  it("is the same program from its files", () => {
    const program = quantize(graph, { input: INPUT, exponents });
    const { manifest, weights } = writeProgram(program);
    expect(readProgram(manifest, weights)).toEqual(program);
    expect(writeProgram(readProgram(manifest, weights)).manifest).toBe(manifest);
  });
});

describe("calibrated scales", () => {
  it("make rare values saturate, and count them", () => {
    const graph = network("relu");
    const bits = { tableBits: 10, activationBits: 10 };
    const exponents = calibrate(graph, [asFloat(drawn(1).map((v) => Math.trunc(v / 8)))], { bits, margin: 1 });
    const compiled = compileProgram(quantize(graph, { input: INPUT, exponents, ...bits }));
    const { result, columns } = compiled.witness(intTensor([2, 6, 6], drawn(2)));
    expect(result.saturations).toBeGreaterThan(0);
    expect(firstViolation(compiled.built, columns)).toBeNull();
  });
});

describe("refusals", () => {
  const dense = (weight: number[], bias: number[] | null): FloatGraph => ({
    name: "dense",
    input: { name: "x", shape: [2] },
    nodes: [
      {
        kind: "matmul",
        name: "product",
        inputs: ["x"],
        output: "y",
        weight: { shape: [1, 2], data: Float64Array.from(weight) },
        bias: bias && { shape: [1], data: Float64Array.from(bias) },
        map: "none",
      },
    ],
    output: "y",
    notes: [],
  });

  it("name the node whose sums are too large, or whose weights are zero", () => {
    expect(() => quantize(dense([1, 1], null), { input: { exponent: 0, range: [0, 2 ** 29] } })).toThrow("Node product");
    expect(() => quantize(dense([1, 1], [2 ** 40]), { input: { exponent: 0, range: [0, 255] } })).toThrow(ModelError);
    expect(() => quantize(dense([0, 0], null), { input: { exponent: 0, range: [0, 255] } })).toThrow("zero weights");
  });
});
