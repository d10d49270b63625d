/** A transformer in integers: by sample texts, or by its recipe. */
import { describe, expect, test } from "vitest";
import { smallDecoder } from "../../testing/decoder.ts";
import { smallGguf } from "../../testing/gguf.ts";
import { encoderFiles, openFiles } from "../../testing/huggingface.ts";
import { openTransformer } from "../huggingface/open.ts";
import { memorySource } from "../source.ts";
import { loadTransformer, sampleTexts } from "./load.ts";
import { SENTENCES } from "./sample-texts.ts";

const decoder = openTransformer({ kind: "gguf", name: "small", file: memorySource(smallGguf()) });
const encoder = openTransformer({ kind: "folder", name: "bert", open: openFiles(encoderFiles()) });

describe("loadTransformer()", () => {
  test("finds the same scales every time, and tells on how much", () => {
    const [one, other] = [loadTransformer(decoder), loadTransformer(decoder)];
    expect(one.recipe).toEqual(other.recipe);
    expect(one.name).toBe("small");
    expect(one.recipe.calibration).toEqual({ texts: 2, tokens: sampleTexts(decoder.transformer, decoder.tokenizer).flat().length });
  });

  test.each([
    ["a decoder", decoder],
    ["an encoder", encoder],
  ])("makes the same integers of %s by the recipe, under any name of its files", (_, open) => {
    const made = loadTransformer(open);
    const again = loadTransformer({ ...open, name: "renamed" }, JSON.stringify(made.recipe));
    expect(again).toMatchObject({ name: open.name, recipe: made.recipe });
    expect(again.program).toEqual(made.program);
    expect(again.float).toBe(open.transformer);
  });

  test("refuses a recipe of another model, and no recipe at all", () => {
    const { recipe } = loadTransformer(encoder);
    expect(() => loadTransformer(decoder, JSON.stringify(recipe))).toThrow("it is another model's");
    expect(() => loadTransformer(decoder, "{}")).toThrow("The recipe's format is not named");
  });
});

describe("sampleTexts()", () => {
  test("are sentences for an encoder, as long as it can read", () => {
    const { transformer, tokenizer } = encoder;
    const texts = sampleTexts(transformer, tokenizer);
    expect(texts).toHaveLength(SENTENCES.length);
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(transformer.config.context);
  });

  test("are what a decoder writes, and prose if its vocabulary has it", () => {
    // the letters of the small vocabulary have no capitals
    const [written, prose] = sampleTexts(decoder.transformer, decoder.tokenizer);
    expect(written!.length).toBeGreaterThan(24);
    expect(written![0]).toBe(decoder.tokenizer.first);
    expect(prose).toEqual([decoder.tokenizer.first]);
    const able = { ...decoder.tokenizer, encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0) % 23) };
    expect(sampleTexts(smallDecoder(), able)[1]!.length).toBeGreaterThan(24);
  });
});
