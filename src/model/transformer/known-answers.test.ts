/** The float reference and the integers against what another implementation computes with the same folders. */
import { describe, expect, test } from "vitest";
import { KNOWN, knownTransformer } from "../../testing/known-transformers.ts";
import { compareDecoders, compareEncoders } from "./accuracy.ts";
import { calibrate } from "./calibrate.ts";
import { FloatTransformer } from "./float.ts";
import { quantizeTransformer } from "./quantize.ts";

describe.each(KNOWN)("%s", (name) => {
  const { model, tokens, logits, embedding } = knownTransformer(name);

  test("its floats are known", () => {
    const rows = new FloatTransformer(model).read(tokens);
    if (embedding) {
      const mean = rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length);
      for (const [c, v] of embedding.entries()) expect(mean[c]).toBeCloseTo(v, 4);
    } else {
      expect(rows).toHaveLength(logits!.length);
      for (const [i, row] of logits!.entries()) for (const [v, x] of row.entries()) expect(rows[i]![v]).toBeCloseTo(x, 4);
    }
  });

  test("its integers are close", () => {
    const program = quantizeTransformer(model, calibrate(model, [tokens]), name);
    if (embedding) {
      const { cosines } = compareEncoders(model, program, [tokens]);
      expect(cosines[0]).toBeGreaterThan(0.9999);
    } else {
      const { perplexity, equal, positions } = compareDecoders(model, program, "known", tokens);
      expect(positions - equal).toBeLessThanOrEqual(1);
      expect(Math.abs(perplexity.integer / perplexity.float - 1)).toBeLessThan(0.01);
    }
  });
});
