import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytePairTokenizer, wordPieceTokenizer } from "../../testing/huggingface.ts";
import { huggingFaceTokenizer } from "./huggingface.ts";

/** See fixtures/make-tokenizers.py. */
interface Known {
  readonly tokens: readonly string[];
  readonly merges: readonly string[];
  readonly texts: readonly string[];
  readonly answers: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const pairs = bytePairTokenizer();
const bytePairs = huggingFaceTokenizer(pairs.tokenizer, pairs.config);
const pieces = wordPieceTokenizer();
const wordPieces = huggingFaceTokenizer(pieces.tokenizer, pieces.config);

/** The byte-pair tokenizer with one part changed. */
const changed = (part: string, value: unknown) => () => huggingFaceTokenizer({ ...pairs.tokenizer, [part]: value }, pairs.config);
const model = (settings: object) => ({ ...(pairs.tokenizer.model as object), ...settings });

describe("huggingFaceTokenizer()", () => {
  test("merges byte pairs in their order", () => {
    // "hello" is one token; the space before a word belongs to it; "é" is two bytes, merged.
    expect(bytePairs.encode("hello world")).toEqual([259, 261, 114, 108, 100]);
    expect(bytePairs.encode("é")).toEqual([262]);
    expect(bytePairs.size).toBe(264);
  });

  test("gives every text back", () => {
    for (const text of [
      "hello world",
      "café, naïve",
      "12345 3.14",
      "😀 👨‍👩‍👧 中文",
      "two  spaces\n\tand tabs . , !",
      "don't",
      " a",
      "x² ½ ٣",
      "\u0000\ufeff\u0085",
    ])
      expect(bytePairs.decode(bytePairs.encode(text)), text).toBe(text);
  });

  test("splits digits of every script", () => {
    const tokens = bytePairs.encode("1²3");
    expect(tokens).toEqual([49, 0xc2, 0xb2, 51]);
  });

  test("has begin, end and first tokens as its files say", () => {
    expect([bytePairs.begin, bytePairs.end, bytePairs.first]).toEqual([undefined, 263, 263]);
    expect([wordPieces.begin, wordPieces.end, wordPieces.first]).toEqual([2, undefined, 2]);
    const bare = huggingFaceTokenizer({ ...pairs.tokenizer, added_tokens: [] }, {});
    expect([bare.begin, bare.end, bare.first]).toEqual([undefined, undefined, 0]);
    const named = huggingFaceTokenizer(pairs.tokenizer, { bos_token: { content: "h" } });
    expect([named.begin, named.first]).toEqual([undefined, 104]);
  });

  test("finds control tokens in a text, and leaves them out of it", () => {
    expect(bytePairs.encode("hello<|end|>")).toEqual([259, 263]);
    expect(bytePairs.decode([259, 263])).toBe("hello");
    expect(bytePairs.decode([])).toBe("");
  });

  test("puts words in pieces between [CLS] and [SEP], neither cut nor padded", () => {
    expect(wordPieces.encode("Hello worlds, CAFÉ proof!")).toEqual([2, 4, 5, 6, 1, 7, 9, 10, 8, 3]);
    expect(wordPieces.decode([2, 4, 5, 6, 8, 3])).toBe("hello worlds!");
    expect(wordPieces.encode("")).toEqual([2, 3]);
  });

  test("takes ideographs of every plane for words", () => {
    const vocab = { "[UNK]": 0, "[CLS]": 1, "[SEP]": 2, 中: 3, "\u{20000}": 4, "\u{2ceaf}": 5, a: 6 };
    const model = { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", vocab };
    const { encode } = huggingFaceTokenizer({ ...pieces.tokenizer, added_tokens: [], model }, {});
    expect(encode("a中\u{20000}\u{2ceaf}A")).toEqual([1, 6, 3, 4, 5, 6, 2]);
  });

  test("refuses what has no token and no text", () => {
    expect(() => bytePairs.encode("\ud800")).toThrow(RangeError);
    expect(() => bytePairs.decode([264])).toThrow("There is no token 264: the vocabulary has 264");
    expect(() => bytePairs.decode([-1])).toThrow(RangeError);
    const vocab = { ...(model({}) as { vocab: Record<string, number> }).vocab };
    delete vocab.z;
    const short = changed("model", model({ vocab }))();
    expect(short.encode("a")).toEqual([97]);
    expect(() => short.encode("zero")).toThrow("no piece for a character");
  });

  test.each<[string, () => unknown, string]>([
    ["a model", changed("model", { type: "Unigram", vocab: [["a", 0]], unk_id: 0 }), "model is Unigram, circlet knows BPE, WordPiece"],
    ["no model", changed("model", null), "has no model"],
    ["drop-out", changed("model", model({ dropout: 0.1 })), "BPE has dropout 0.1"],
    ["a suffix", changed("model", model({ end_of_word_suffix: "</w>" })), 'BPE has end_of_word_suffix "</w>"'],
    ["a normalizer", changed("normalizer", { type: "Precompiled", precompiled_charsmap: "" }), "normalizer is Precompiled"],
    [
      "a pre-tokenizer in a sequence",
      changed("pre_tokenizer", { type: "Sequence", pretokenizers: [{ type: "UnicodeScripts" }] }),
      "pre_tokenizer is UnicodeScripts",
    ],
    [
      "a behavior",
      changed("pre_tokenizer", { type: "Split", pattern: { String: "a" }, behavior: "MergedWithNext" }),
      'has behavior "MergedWithNext"',
    ],
    [
      "an inversion",
      changed("pre_tokenizer", { type: "Split", pattern: { String: "a" }, behavior: "Isolated", invert: true }),
      "inverted with behavior Isolated",
    ],
    ["split words", changed("pre_tokenizer", { type: "Metaspace", split: true }), "Metaspace has split true, circlet knows false"],
    ["a post-processor", changed("post_processor", { type: "Roberta" }), "post_processor is Roberta"],
    ["a decoder", changed("decoder", { type: "CTC" }), "decoder is CTC"],
    ["no type", changed("decoder", "ByteLevel"), "decoder is no object with a type"],
    ["whole words", changed("added_tokens", [{ id: 300, content: "x", single_word: true }]), "added token x has single_word"],
  ])("refuses %s that the library would leave out", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("the library's parts", () => {
  const known = JSON.parse(readFileSync(new URL("../../testing/fixtures/tokenizers.json", import.meta.url), "utf8")) as Known;
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const digits = { type: "Digits", individual_digits: true };

  test.each<[string, unknown]>([
    ["gpt-2", bytes],
    ["smollm", { type: "Sequence", pretokenizers: [digits, bytes] }],
    ["Whitespace", { type: "Sequence", pretokenizers: [{ type: "Whitespace" }, { ...bytes, use_regex: false }] }],
    ["WhitespaceSplit", { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, { ...bytes, use_regex: false }] }],
  ])("split as those of the format do: %s", (name, rule) => {
    const vocab = Object.fromEntries(known.tokens.map((token, id) => [token, id]));
    const file = { ...pairs.tokenizer, added_tokens: [], pre_tokenizer: rule, model: { type: "BPE", vocab, merges: known.merges } };
    const tokenizer = huggingFaceTokenizer(file, {});
    known.texts.forEach((text, i) => {
      expect(tokenizer.encode(text), text).toEqual(known.answers[name]?.[i]);
    });
  });
});
