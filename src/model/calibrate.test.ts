import { describe, expect, it } from "vitest";
import type { FloatTensor } from "../tensor/tensor.ts";
import { calibrate, exponentFor } from "./calibrate.ts";
import type { FloatGraph, MapName } from "./graph.ts";

/** x -> a = map(x), b = a + 1, y = 2 b: the logits are y. */
function chain(map: MapName): FloatGraph {
  const base = (output: string, input: string) => ({ name: output, inputs: [input], output });
  const one = { shape: [4], data: Float64Array.of(1, 1, 1, 1) };
  const double = { shape: [4, 4], data: Float64Array.of(2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2) };
  return {
    name: "chain",
    input: { name: "x", shape: [4] },
    nodes: [
      { kind: "map", ...base("a", "x"), map },
      { kind: "add", ...base("b", "a"), constant: one, map: "none" },
      { kind: "matmul", ...base("y", "b"), weight: double, bias: null, map: "none" },
    ],
    output: "y",
    notes: [],
  };
}

const tensor = (...data: number[]): FloatTensor => ({ shape: [4], data: Float64Array.from(data) });

describe("exponentFor()", () => {
  it("fills the bits", () => {
    expect(exponentFor(1, 9)).toBe(7);
    expect(exponentFor(0.999, 9)).toBe(7);
    expect(exponentFor(0.99, 9)).toBe(8);
    expect(exponentFor(1000, 9)).toBe(-2);
    expect(exponentFor(0, 9)).toBe(30);
  });
});

describe("calibrate()", () => {
  const bits = { tableBits: 9, activationBits: 11 };

  it("gives every rounded sum but the logits the scale at which its largest value fits its own bits", () => {
    const samples = [tensor(0, 0.5, -7, 1), tensor(3, 0, 0, -1)];
    // a: Relu's result reaches 3, 8 bits and a sign; b: 4, 10 bits and a sign
    expect(calibrate(chain("relu"), samples, { bits, margin: 1 })).toEqual({ a: exponentFor(3, 9), b: exponentFor(4, 11) });
    expect(calibrate(chain("relu"), samples, { bits, margin: 1 })).toEqual({ a: 6, b: 7 });
  });

  it("looks at what a function's table is entered with", () => {
    expect(calibrate(chain("tanh"), [tensor(0, 0.5, -7, 1)], { bits, margin: 1 })).toMatchObject({ a: exponentFor(7, 9) });
  });

  it("leaves a margin of a quarter unless told", () => {
    const at = (v: number) => calibrate(chain("relu"), [tensor(v, 0, 0, 0)], { bits }).a;
    expect([at(255 / 1.25), at(256 / 1.25)]).toEqual([0, -1]);
  });

  it("ignores the largest values beyond a percentile", () => {
    const samples = Array.from({ length: 250 }, (_, i) => tensor(1, 1, 1, i === 7 ? 1000 : 1));
    const at = (percentile: number) => calibrate(chain("relu"), samples, { bits, percentile }).a;
    expect(at(100)).toBe(exponentFor(1250, 9));
    // one cell of 1000 is 0.1 %
    expect(at(99.95)).toBe(exponentFor(1000, 9));
    expect(at(99.9)).toBe(exponentFor(1, 9));
    expect(at(1)).toBe(exponentFor(1, 9));
  });

  it("bounds a percentile from above by at most 0.4 %", () => {
    for (const v of [1.001, 1.499, 3.7, 1e-5, 12345]) {
      const samples = [tensor(v, v, v, v), tensor(1e6, v, v, v)];
      const e = calibrate(chain("relu"), samples, { bits, percentile: 50 }).a;
      expect([exponentFor(v, 9), exponentFor(v * 1.004, 9)]).toContain(e);
      expect(v * 2 ** (e ?? 99)).toBeLessThanOrEqual(255);
    }
  });

  it("gives a value that is always zero the finest scale", () => {
    expect(calibrate(chain("relu"), [tensor(-1, 0, 0, 0)], { bits })).toMatchObject({ a: 30 });
  });
});
