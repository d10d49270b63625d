import { describe, expect, test } from "vitest";
import { scalingOfFactors } from "./rope-factors.ts";

/** Divisors of LLaMA 3.2 1B (theta 500000, heads of 64, factor 32), in 32 bits, by the formula in its reference code. */
function divisors(factor: number): Float32Array {
  return Float32Array.from({ length: 32 }, (_, p) => {
    const wave = 2 * Math.PI * 500000 ** (p / 32);
    if (wave < 8192 / 4) return 1;
    if (wave > 8192) return factor;
    const smooth = (8192 / wave - 1) / 3;
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

describe("scalingOfFactors()", () => {
  test("finds the scaling that the divisors come from", () => {
    expect(scalingOfFactors(divisors(32), 500000)).toEqual({
      factor: 32,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContext: 8192,
    });
    expect(scalingOfFactors(divisors(8), 500000)?.factor).toBe(8);
    expect(scalingOfFactors(new Float32Array(32).fill(1), 500000)).toBeNull();
  });

  test("refuses others", () => {
    expect(() => scalingOfFactors(divisors(32), 10000)).toThrow("rope_freqs.weight");
    const one = divisors(32);
    one[16] = (one[16] ?? 0) * 1.001;
    expect(() => scalingOfFactors(one, 500000)).toThrow("rope_freqs.weight");
    expect(() => scalingOfFactors(Float32Array.of(0.5, 1), 500000)).toThrow("rope_freqs.weight");
  });
});
