/**
 * What a tokenizer.json is made of: normalizer, pre-tokenizer, model, post-processor, decoder. The library that runs it (@huggingface/tokenizers) leaves out some
 * settings of some parts without a word; a file with one of them is refused here, or rewritten to what means the same.
 */
import { ModelError } from "../../errors.ts";
import { isRecord, type JsonRecord } from "../huggingface/json.ts";

const PARTS = ["normalizer", "pre_tokenizer", "post_processor", "decoder"] as const;
type Part = (typeof PARTS)[number];

const KNOWN: Readonly<Record<Part, readonly string[]>> = {
  normalizer: ["BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Strip", "StripAccents"],
  pre_tokenizer: ["BertPreTokenizer", "ByteLevel", "Digits", "Metaspace", "Split", "Whitespace", "WhitespaceSplit"],
  post_processor: ["BertProcessing", "ByteLevel", "RobertaProcessing", "TemplateProcessing"],
  decoder: ["ByteFallback", "ByteLevel", "Fuse", "Metaspace", "Replace", "Strip", "WordPiece"],
};

/** What a sequence calls its members. */
const MEMBERS: Readonly<Record<Part, string>> = {
  normalizer: "normalizers",
  pre_tokenizer: "pretokenizers",
  post_processor: "processors",
  decoder: "decoders",
};

/** Settings that the library takes to be one of these, by part and type. */
const FIXED: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  "pre_tokenizer Metaspace": { split: [false], add_prefix_space: [true, null], prepend_scheme: ["always", "first", "never", null] },
  "pre_tokenizer Split": { behavior: ["Isolated", "Removed"] },
  "decoder Metaspace": { add_prefix_space: [true, null], prepend_scheme: ["always", "first", null] },
  "model BPE": { dropout: [0, null], continuing_subword_prefix: ["", null], end_of_word_suffix: ["", null] },
};

/** The words of GPT-2's pre-tokenizer. */
export const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Characters of words, as the format's pre-tokenizer Whitespace has them. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d";

/** What BERT's normalizer takes for Chinese characters. */
const IDEOGRAPHS =
  "\\u4e00-\\u9fff\\u3400-\\u4dbf\\uf900-\\ufaff\\x{20000}-\\x{2a6df}\\x{2a700}-\\x{2b81f}\\x{2b920}-\\x{2ceaf}\\x{2f800}-\\x{2fa1f}";

/** A piece that no text has: the library drops characters without a piece where there is no unknown one. */
export const UNKNOWN = "\u0000unknown";

/** The tokenizer.json to run. @throws ModelError naming a part or a setting that would be left out */
export function runnable(file: JsonRecord): JsonRecord {
  const parts = Object.fromEntries(PARTS.map((part) => [part, checked(part, file[part] ?? null)]));
  const model = file.model;
  if (!isRecord(model)) throw new ModelError("The tokenizer has no model");
  const type = model.type ?? ("merges" in model ? "BPE" : "WordPiece");
  if (type !== "BPE" && type !== "WordPiece")
    throw new ModelError(`The tokenizer's model is ${String(type)}, circlet knows BPE, WordPiece`);
  hold(`model ${type}`, model);
  const added = Array.isArray(file.added_tokens) ? file.added_tokens.filter(isRecord) : [];
  const alone = added.find((token) => token.single_word === true);
  if (alone) throw new ModelError(`The tokenizer's added token ${String(alone.content)} has single_word, which circlet does not know`);
  return { ...file, ...parts, added_tokens: added, model: { ...model, type, unk_token: model.unk_token ?? UNKNOWN } };
}

function checked(part: Part, value: unknown): JsonRecord | null {
  if (value === null) return null;
  const type = isRecord(value) ? value.type : undefined;
  if (!isRecord(value) || typeof type !== "string") throw new ModelError(`The tokenizer's ${part} is no object with a type`);
  if (type === "Sequence") {
    const members = value[MEMBERS[part]];
    if (!Array.isArray(members)) throw new ModelError(`The tokenizer's ${part} is a sequence without ${MEMBERS[part]}`);
    return { ...value, [MEMBERS[part]]: members.map((member) => checked(part, member)) };
  }
  if (!KNOWN[part].includes(type)) throw new ModelError(`The tokenizer's ${part} is ${type}, circlet knows ${KNOWN[part].join(", ")}`);
  hold(`${part} ${type}`, value);
  if (type === "Split" && value.invert === true && value.behavior !== "Removed")
    throw new ModelError(`The tokenizer's ${part} Split is inverted with behavior ${String(value.behavior)}, circlet knows Removed`);
  if (type === "BertNormalizer" && value.handle_chinese_chars !== false) return spacedIdeographs(value);
  return part === "pre_tokenizer" ? rewritten(type, value) : value;
}

/** BERT's normalizer with ideographs of all planes between spaces: the library knows those of the first plane alone. Its `Replace` puts the match for "$&". */
function spacedIdeographs(value: JsonRecord): JsonRecord {
  const none = { clean_text: false, handle_chinese_chars: false, strip_accents: false, lowercase: false };
  return {
    type: "Sequence",
    normalizers: [
      { type: "BertNormalizer", ...none, clean_text: value.clean_text },
      { type: "Replace", pattern: { Regex: `[${IDEOGRAPHS}]` }, content: " $& " },
      { ...value, clean_text: false, handle_chinese_chars: false },
    ],
  };
}

/** A pre-tokenizer by patterns, for which the library has all of Unicode: its other parts know ASCII's digits and letters alone, and JavaScript's white space. */
function rewritten(type: string, value: JsonRecord): JsonRecord {
  const split = (Regex: string, kept: "all" | "matches"): JsonRecord =>
    kept === "all"
      ? { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false }
      : { type: "Split", pattern: { Regex }, behavior: "Removed", invert: true };
  if (type === "Digits") return split(value.individual_digits === true ? "\\p{N}" : "\\p{N}+", "all");
  if (type === "Whitespace") return split(`[${WORD}]+|[^${WORD}\\s]+`, "matches");
  if (type === "WhitespaceSplit") return split("\\S+", "matches");
  if (type === "ByteLevel" && value.use_regex !== false && value.add_prefix_space === false)
    return { type: "Sequence", pretokenizers: [split(GPT2_WORDS, "all"), { ...value, use_regex: false }] };
  return value;
}

function hold(kind: string, settings: JsonRecord): void {
  for (const [key, allowed] of Object.entries(FIXED[kind] ?? {})) {
    const value = settings[key] ?? null;
    if (!allowed.includes(value))
      throw new ModelError(
        `The tokenizer's ${kind} has ${key} ${JSON.stringify(value)}, circlet knows ${allowed.map((v) => JSON.stringify(v)).join(", ")}`,
      );
  }
}
