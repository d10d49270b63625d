import { describe, expect, it } from "vitest";
import { type FunctionName, functionValues } from "./function-table.ts";

const erf = (x: number) => {
  let sum = 0;
  const n = 4000;
  for (let i = 0; i < n; i++) sum += Math.exp(-((((i + 0.5) / n) * x) ** 2));
  return (2 / Math.sqrt(Math.PI)) * (x / n) * sum;
};
const float: Record<FunctionName, (x: number) => number> = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => Math.max(0, x),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  "gelu-tanh": (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
};

describe.each(Object.keys(float) as FunctionName[])("the table of %s", (name) => {
  it("is the nearest integer to the function", () => {
    const values = functionValues({ function: name, inputExponent: 5, outputExponent: 12 }, 9);
    expect(values.length).toBe(512);
    for (let i = 0; i < 512; i++) {
      const real = float[name]((i - 256) / 32) * 4096;
      // The reference itself is off by rounding and quadrature, so a value near a half may fall either way.
      expect(Math.abs((values[i] ?? 0) - real)).toBeLessThan(0.5 + 1e-2);
    }
  });
});

it("known values", () => {
  const at = (name: FunctionName, q: number) => functionValues({ function: name, inputExponent: 0, outputExponent: 24 }, 6)[q + 32];
  expect(at("sigmoid", 0)).toBe(8388608);
  expect(at("sigmoid", 1)).toBe(Math.round(0.7310585786300049 * 2 ** 24));
  expect(at("tanh", -1)).toBe(Math.round(-0.7615941559557649 * 2 ** 24));
  expect(at("gelu", 2)).toBe(Math.round(1.9544997361036416 * 2 ** 24));
  expect(at("gelu", -31)).toBe(0);
  expect(at("silu", 31)).toBe(31 * 2 ** 24);
});
