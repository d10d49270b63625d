import { describe, expect, test } from "vitest";
import { storiesFiles } from "../../testing/stories.ts";
import { readGguf } from "../gguf/read.ts";
import { ggufTransformer } from "../gguf/transformer.ts";
import { tokenizerOf } from "../tokenizer/sentencepiece.ts";
import { continueGreedily, FloatTransformer } from "./float.ts";

const files = storiesFiles();

describe.runIf(files)("the float decoder of stories260K", () => {
  const file = files && readGguf(files.model);
  const [model, tokenizer] = file ? [ggufTransformer(file), tokenizerOf(file)] : [];

  test.each([
    ["", 256, "golden_greedy_256.txt"],
    ["Once upon a time", 60, "golden_once_upon_a_time_64.txt"],
  ])("continues %j by %i tokens to the known text", (prompt, count, name) => {
    const decoder = new FloatTransformer(model!);
    const tokens = continueGreedily((token) => decoder.step(token), tokenizer!.encode(prompt), count);
    expect(tokens).toHaveLength(tokenizer!.encode(prompt).length + count);
    expect(`${tokenizer!.decode(tokens)}\n`).toBe(files!.text(name));
  });

  test("a text's tokens decode to it", () => {
    for (const text of ["Once upon a time", 'Lily said, "No!"\nÜber 100 €.', "two  spaces"]) {
      const tokens = tokenizer!.encode(text);
      expect(tokens[0]).toBe(1);
      expect(tokenizer!.decode(tokens)).toBe(text);
    }
    expect(tokenizer!.encode("")).toEqual([1]);
  });
});
