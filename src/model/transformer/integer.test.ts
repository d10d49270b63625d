import { describe, expect, test } from "vitest";
import { loadDecoder } from "../../decoder.ts";
import { ModelError } from "../../errors.ts";
import { SMALL, smallDecoder, smallProgram } from "../../testing/decoder.ts";
import { storiesFiles } from "../../testing/stories.ts";
import { calibrate } from "./calibrate.ts";
import { FloatDecoder, largest } from "./float.ts";
import { IntegerDecoder } from "./integer.ts";
import type { Llama } from "./llama.ts";
import type { TransformerProgram } from "./program.ts";
import { quantizeLlama } from "./quantize.ts";

/** -log of the softmax at one index. */
function loss(logits: ArrayLike<number>, scale: number, index: number): number {
  const scaled = Array.from(logits, (v) => v * scale);
  const most = Math.max(...scaled);
  return Math.log(scaled.reduce((sum, v) => sum + Math.exp(v - most), 0)) + most - scaled[index]!;
}

/** Both decoders on the same tokens: share of equal arg maxes, and perplexities. */
function compared(float: Llama, program: TransformerProgram, tokens: readonly number[]) {
  const [a, b] = [new FloatDecoder(float), new IntegerDecoder(program, tokens.length)];
  let [equal, floatLoss, integerLoss] = [0, 0, 0];
  const count = tokens.length - 1;
  for (let i = 0; i < count; i++) {
    const [x, y] = [a.step(tokens[i]!), b.step(tokens[i]!)];
    if (largest(x) === largest(y)) equal++;
    floatLoss += loss(x, 1, tokens[i + 1]!) / count;
    integerLoss += loss(y, 2 ** -program.headExponent, tokens[i + 1]!) / count;
  }
  return { agreement: equal / count, perplexity: { float: Math.exp(floatLoss), integer: Math.exp(integerLoss) } };
}

const TOKENS = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % SMALL.vocabulary);

describe("the integer decoder", () => {
  test("is close to the float one", () => {
    const float = smallDecoder();
    const program = quantizeLlama(float, calibrate(float, TOKENS), "small");
    const { agreement, perplexity } = compared(float, program, TOKENS);
    expect(agreement).toBe(1);
    expect(Math.abs(perplexity.integer / perplexity.float - 1)).toBeLessThan(0.002);
  });

  test("refuses tokens, positions and values that it has no room for", () => {
    const program = smallProgram();
    const decoder = new IntegerDecoder(program, 1);
    expect(() => decoder.step(SMALL.vocabulary)).toThrow(RangeError);
    decoder.step(0);
    expect(() => decoder.step(0)).toThrow(RangeError);
    for (const positions of [0, 1.5, SMALL.context + 1]) expect(() => new IntegerDecoder(program, positions)).toThrow(ModelError);
    const narrow = { ...program, scales: { ...program.scales, upBits: 2 } };
    expect(() => new IntegerDecoder(narrow, 1).step(1)).toThrow("for an up projection, outside 2 bits");
    const short = { ...program, scales: { ...program.scales, scoreLimit: 1 } };
    expect(() => new IntegerDecoder(short, 1).step(1)).toThrow("reaches the score");
  });

  test("refuses to claim a token that is not the arg max", () => {
    const decoder = new IntegerDecoder(smallProgram(), 1);
    const logits = decoder.step(3);
    const best = largest(logits);
    expect(() => decoder.finish([best], [logits])).not.toThrow();
    expect(() => decoder.finish([(best + 1) % SMALL.vocabulary], [logits])).toThrow(ModelError);
    expect(() => decoder.finish([SMALL.vocabulary], [logits])).not.toThrow();
  });
});

const files = storiesFiles();
describe.runIf(files)("the integer decoder of stories260K", () => {
  test("agrees with the float one on 256 greedy tokens, in arg max and in perplexity", () => {
    const { float, program, tokenizer } = loadDecoder(files!.model, "stories260K");
    const golden = tokenizer.encode(files!.text("golden_greedy_256.txt").trimEnd());
    const { agreement, perplexity } = compared(float, program, golden);
    expect(golden.length).toBeGreaterThan(200);
    expect(agreement).toBeGreaterThanOrEqual(0.99);
    expect(Math.abs(perplexity.integer / perplexity.float - 1)).toBeLessThan(0.01);
  });
});
