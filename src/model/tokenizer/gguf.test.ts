import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { GgufFile, GgufValue } from "../gguf/read.ts";
import { memorySource } from "../source.ts";
import { ggufTokenizer } from "./gguf.ts";

interface Known {
  readonly tokens: readonly string[];
  readonly merges: readonly string[];
  readonly texts: readonly string[];
  readonly answers: Readonly<Record<string, readonly (readonly number[])[]>>;
}
const known = JSON.parse(readFileSync(new URL("../../testing/fixtures/tokenizers.json", import.meta.url), "utf8")) as Known;
const [BEGIN, END] = [known.tokens.length, known.tokens.length + 1];

/** A file with nothing but a tokenizer: the known tokens, two control tokens and one of the user's own. */
function fileOf(settings: Readonly<Record<string, GgufValue>>): GgufFile {
  const tokens = [...known.tokens, "<|begin|>", "<|end|>", "<own>"];
  const metadata: Record<string, GgufValue> = {
    model: "gpt2",
    tokens,
    merges: known.merges,
    token_type: tokens.map((_, i) => (i < BEGIN ? 1 : i <= END ? 3 : 4)),
    bos_token_id: BEGIN,
    eos_token_id: END,
    ...settings,
  };
  const entries = Object.entries(metadata).map(([key, value]): [string, GgufValue] => [`tokenizer.ggml.${key}`, value]);
  return { metadata: new Map(entries), tensors: new Map(), source: memorySource(new Uint8Array()) };
}

describe("ggufTokenizer()", () => {
  test.each(["gpt-2", "smollm", "qwen2", "llama-bpe"])("splits texts as %s does", (pre) => {
    const tokenizer = ggufTokenizer(fileOf({ pre, add_bos_token: false }));
    known.texts.forEach((text, i) => {
      expect(tokenizer.encode(text), text).toEqual(known.answers[pre]?.[i]);
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(pre === "qwen2" ? text.normalize("NFC") : text);
    });
  });

  test("begins texts where the file or the family says so", () => {
    const begins = (settings: Record<string, GgufValue>) => {
      const { begin, end, first, encode } = ggufTokenizer(fileOf(settings));
      return [begin, end, first, encode("")];
    };
    expect(begins({ pre: "llama-bpe" })).toEqual([BEGIN, END, BEGIN, [BEGIN]]);
    expect(begins({ pre: "llama-bpe", add_bos_token: false })).toEqual([undefined, END, BEGIN, []]);
    expect(begins({ pre: "smollm" })).toEqual([undefined, END, BEGIN, []]);
    expect(begins({ pre: "qwen2", add_bos_token: true })).toEqual([BEGIN, END, BEGIN, [BEGIN]]);
  });

  test("finds control tokens and the user's own in a text, and writes only the latter", () => {
    const tokenizer = ggufTokenizer(fileOf({ pre: "gpt-2" }));
    expect(tokenizer.encode("<|end|><own>")).toEqual([END, END + 1]);
    expect(tokenizer.decode([BEGIN, END + 1, END])).toBe("<own>");
  });

  test("gives texts back without a name for its splitting", () => {
    const tokenizer = ggufTokenizer(fileOf({}));
    for (const text of known.texts) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test.each<[Record<string, GgufValue>, string]>([
    [{ model: "bert" }, 'a tokenizer of kind bert, circlet knows "llama" and "gpt2"'],
    [{ pre: "deepseek-llm" }, 'splits texts by "deepseek-llm", circlet knows gpt-2'],
    [{ merges: "none" }, "no list tokenizer.ggml.merges"],
    [{ token_type: [1] }, "differ in length"],
    [{ add_eos_token: true }, "ends texts with a token"],
    [{ add_bos_token: true, bos_token_id: -1 }, "but none for it"],
  ])("refuses %o", (settings, message) => {
    expect(() => ggufTokenizer(fileOf(settings))).toThrow(message);
  });
});
