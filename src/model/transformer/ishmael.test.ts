/** The bundled language model against what another implementation computes from its files (models/ishmael/check.py). */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runDecoder } from "../../decoder.ts";
import { findTransformer } from "../huggingface/node.ts";
import { openTransformer } from "../huggingface/open.ts";
import { FloatTransformer } from "./float.ts";
import { type LanguageModel, loadTransformer } from "./load.ts";
import { RECIPE_FILE } from "./recipe.ts";

interface Known {
  readonly prompt: string;
  readonly promptIds: readonly number[];
  /** What follows the prompt. */
  readonly greedyIds: readonly number[];
  readonly greedyText: string;
  /** After the prompt and after every token that follows it, for the first of them. */
  readonly logits: readonly (readonly number[])[];
  readonly encodings: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

const known = JSON.parse(readFileSync(new URL("../../testing/fixtures/ishmael-greedy.json", import.meta.url), "utf8")) as Known;
let model: LanguageModel;
beforeAll(async () => {
  const folder = new URL("../../../models/ishmael/", import.meta.url);
  const found = await findTransformer(fileURLToPath(folder));
  model = loadTransformer(openTransformer(found!), readFileSync(new URL(RECIPE_FILE, folder), "utf8"));
}, 60_000);

describe("ishmael", () => {
  test("its tokenizer encodes as it was trained, and gives texts back", () => {
    for (const { text, ids } of known.encodings) {
      expect(model.tokenizer.encode(text), text).toEqual(ids);
      expect(model.tokenizer.decode(ids)).toBe(text.replaceAll("<|endoftext|>", ""));
    }
    expect(model.tokenizer.decode(known.greedyIds)).toBe(known.greedyText);
  });

  test("its floats have the known logits", () => {
    const rows = new FloatTransformer(model.float).read([...known.promptIds, ...known.greedyIds.slice(0, known.logits.length - 1)]);
    let largest = 0;
    known.logits.forEach((logits, i) => {
      const row = rows[known.promptIds.length - 1 + i]!;
      for (const [v, x] of logits.entries()) largest = Math.max(largest, Math.abs(row[v]! - x));
    });
    expect(largest).toBeLessThan(1e-3);
  });

  test("its integers write the known tokens", () => {
    expect(model.tokenizer.encode(known.prompt)).toEqual(known.promptIds);
    expect(runDecoder(model, known.promptIds, known.greedyIds.length).generated).toEqual(known.greedyIds);
  });
});
