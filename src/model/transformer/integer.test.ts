import { describe, expect, test } from "vitest";
import { ModelError } from "../../errors.ts";
import { SMALL, smallDecoder, smallProgram } from "../../testing/decoder.ts";
import { storiesFiles } from "../../testing/stories.ts";
import { openTransformer } from "../huggingface/open.ts";
import { memorySource } from "../source.ts";
import { compareDecoders, drawnText } from "./accuracy.ts";
import { calibrate } from "./calibrate.ts";
import { largest } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import { loadTransformer } from "./load.ts";
import { quantizeTransformer } from "./quantize.ts";

const TOKENS = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % SMALL.vocabulary);

describe("the integer decoder", () => {
  test("is close to the float one", () => {
    const float = smallDecoder();
    const program = quantizeTransformer(float, calibrate(float, [TOKENS]), "small");
    const { equal, positions, perplexity, sites, differences } = compareDecoders(float, program, "fixed", TOKENS);
    expect([equal, positions, differences]).toEqual([39, 39, []]);
    expect(Math.abs(perplexity.integer / perplexity.float - 1)).toBeLessThan(0.002);
    expect(sites.map((s) => s.site)).toHaveLength(7);
    for (const { size, mean, largest: most } of sites) {
      expect(most).toBeLessThan(size / 30);
      expect(mean).toBeLessThan(size / 150);
    }
  });

  test("refuses tokens, positions and values that it has no room for", () => {
    const program = smallProgram();
    const decoder = new IntegerTransformer(program, 1);
    expect(() => decoder.step(SMALL.vocabulary)).toThrow(RangeError);
    decoder.step(0);
    expect(() => decoder.step(0)).toThrow(RangeError);
    for (const positions of [0, 1.5, SMALL.context + 1]) expect(() => new IntegerTransformer(program, positions)).toThrow(ModelError);
    const narrow = { ...program, scales: { ...program.scales, upBits: 2 } };
    expect(() => new IntegerTransformer(narrow, 1).step(1)).toThrow("for an up projection, outside 2 bits");
    const short = { ...program, scales: { ...program.scales, scoreLimit: 1 } };
    expect(() => new IntegerTransformer(short, 1).step(1)).toThrow("reaches the score");
  });

  test("refuses to claim a token that is not the arg max", () => {
    const decoder = new IntegerTransformer(smallProgram(), 1);
    const logits = decoder.step(3);
    const best = largest(logits);
    expect(() => decoder.finish([best], [logits])).not.toThrow();
    expect(() => decoder.finish([(best + 1) % SMALL.vocabulary], [logits])).toThrow(ModelError);
    expect(() => decoder.finish([SMALL.vocabulary], [logits])).not.toThrow();
  });
});

const files = storiesFiles();
describe.runIf(files)("the integer decoder of stories260K", () => {
  test("agrees with the float one on a greedy and a drawn text, in arg max and in perplexity", () => {
    const { float, program, tokenizer } = loadTransformer(
      openTransformer({ kind: "gguf", name: "stories260K", file: memorySource(files!.model) }),
    );
    const golden = tokenizer.encode(files!.text("golden_greedy_256.txt").trimEnd());
    for (const tokens of [golden, drawnText(float, tokenizer.first, 257)]) {
      const { equal, positions, perplexity } = compareDecoders(float, program, "", tokens);
      expect(positions).toBeGreaterThan(200);
      expect(equal / positions).toBeGreaterThanOrEqual(0.99);
      expect(Math.abs(perplexity.integer / perplexity.float - 1)).toBeLessThan(0.01);
    }
  });
});
