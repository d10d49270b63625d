/** Real models against the answers of Hugging Face's own code: see fixtures/make-outside.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { rowsOf } from "../../tensor/lazy.ts";
import { outsideModel } from "../../testing/outside.ts";
import { findTransformer } from "./node.ts";
import { openTransformer } from "./open.ts";

interface Known {
  readonly texts: readonly string[];
  readonly "SmolLM2-135M": { readonly tokens: readonly (readonly number[])[] };
  readonly "all-MiniLM-L6-v2": { readonly tokens: readonly (readonly number[])[] };
}
const known = JSON.parse(readFileSync(new URL("../../testing/fixtures/outside.json", import.meta.url), "utf8")) as Known;
const open = async (path: string) => openTransformer((await findTransformer(path))!);

describe("openTransformer() of outside models", () => {
  const smollm = outsideModel("SmolLM2-135M", "SmolLM2-135M-Instruct.Q4_1.gguf");
  test.runIf(smollm)("opens SmolLM2-135M", async () => {
    const { transformer, tokenizer } = await open(smollm ?? "");
    expect(transformer.config).toMatchObject({
      layers: 30,
      width: 576,
      heads: 9,
      keyHeads: 3,
      headWidth: 64,
      hidden: 1536,
      vocabulary: 49152,
    });
    expect(transformer.head?.weight).toBe(transformer.embedding);
    known.texts.forEach((text, i) => {
      expect(tokenizer.encode(text)).toEqual(known["SmolLM2-135M"].tokens[i]);
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    });
    expect([tokenizer.begin, tokenizer.end, tokenizer.first]).toEqual([undefined, 2, 1]);
    expect(rowsOf(transformer.embedding, 49151, 1)).toHaveLength(576);
    expect(transformer.layers[29]?.down.weight.data.every(Number.isFinite)).toBe(true);
  });

  const minilm = outsideModel("all-MiniLM-L6-v2");
  test.runIf(minilm)("opens all-MiniLM-L6-v2", async () => {
    const { transformer, tokenizer } = await open(minilm ?? "");
    expect(transformer.config).toMatchObject({ layers: 6, width: 384, heads: 12, hidden: 1536, vocabulary: 30522, output: "mean" });
    known.texts.forEach((text, i) => {
      expect(tokenizer.encode(text)).toEqual(known["all-MiniLM-L6-v2"].tokens[i]);
    });
    expect(tokenizer.decode(known["all-MiniLM-L6-v2"].tokens[2] ?? [])).toBe("it ' s $ 5. 00 ( approx. ) for 12345 of them!?");
  });
});
