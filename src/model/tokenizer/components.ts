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

/** Settings of a part, by its type, that the library takes to be these. */
const FIXED: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  "pre_tokenizer Metaspace": { split: [false] },
  "pre_tokenizer Split": { behavior: ["Isolated", "Removed"] },
  BPE: { dropout: [0], continuing_subword_prefix: [""], end_of_word_suffix: [""] },
  WordPiece: {},
};

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
  hold(type, model);
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
  // The library's digits are those of ASCII, the format's are all numerals.
  if (type === "Digits")
    return {
      type: "Split",
      pattern: { Regex: value.individual_digits === true ? "\\p{N}" : "\\p{N}+" },
      behavior: "Isolated",
      invert: false,
    };
  if (type === "Split" && value.invert === true && value.behavior !== "Removed")
    throw new ModelError(`The tokenizer's ${part} Split is inverted with behavior ${String(value.behavior)}, circlet knows Removed`);
  return value;
}

function hold(kind: string, settings: JsonRecord): void {
  for (const [key, allowed] of Object.entries(FIXED[kind] ?? {}))
    if ((settings[key] ?? null) !== null && !allowed.includes(settings[key]))
      throw new ModelError(
        `The tokenizer's ${kind} has ${key} ${JSON.stringify(settings[key])}, circlet knows ${allowed.map((v) => JSON.stringify(v)).join(", ")}`,
      );
}
