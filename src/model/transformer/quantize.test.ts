import { describe, expect, test } from "vitest";
import { ARCHITECTURES, FEW_BITS, SMALL, smallDecoder } from "../../testing/decoder.ts";
import { calibrate } from "./calibrate.ts";
import { Quantizer, quantizeTransformer } from "./quantize.ts";
import { segmentProgram } from "./segment.ts";

const TOKENS = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % SMALL.vocabulary);

describe.each([["llama", { config: SMALL, biases: false }] as const, ...Object.entries(ARCHITECTURES)])("%s", (_, { config, biases }) => {
  test("a range of layers is quantized as in the whole", () => {
    const model = smallDecoder(config, biases);
    const scales = calibrate(model, [TOKENS], FEW_BITS);
    const whole = quantizeTransformer(model, scales, "whole");
    const quantizer = new Quantizer(model, scales, "whole");
    for (const range of [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 1, to: 3 },
      { from: 0, to: 3 },
    ]) {
      const { config: own, ...expected } = segmentProgram(whole, range);
      const { config: made, ...program } = quantizer.program(range);
      if (range.from > 0 || range.to < 3) expect(made).toEqual(own);
      expect({ ...program, headExponent: 0 }).toEqual({ ...expected, headExponent: 0 });
    }
  });
});
