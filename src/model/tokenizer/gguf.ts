/**
 * Tokenizers of GGUF files. Kind "llama" is SentencePiece with scores; kind "gpt2" is byte-level byte-pair encoding with a list of merges, whose rule for splitting a
 * text into words has a name: it is put into the form of a tokenizer.json.
 */
import { ModelError } from "../../errors.ts";
import { type GgufFile, listOf } from "../gguf/read.ts";
import type { JsonRecord } from "../huggingface/json.ts";
import { GPT2_WORDS } from "./components.ts";
import { huggingFaceTokenizer } from "./huggingface.ts";
import { tokenizerOf } from "./sentencepiece.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Kinds of tokens in the file: control tokens have no text; users' own are found before a text is split. */
const [CONTROL, OWN] = [3, 4];

/** Words, with digits in groups of `digits`. */
const words = (digits: string): string =>
  `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

interface Splitting {
  /** Patterns, of which each splits what the ones before left. */
  readonly patterns: readonly string[];
  readonly normalizer?: string;
  /** Whether a word that is a token needs no merges to become one. */
  readonly wholeWords?: boolean;
  /** Whether texts begin with the begin token, where the file does not say it. */
  readonly begins?: boolean;
}

const LLAMA3: Splitting = { patterns: [words("\\p{N}{1,3}")], wholeWords: true, begins: true };

const SPLITTINGS: Readonly<Record<string, Splitting>> = {
  "gpt-2": { patterns: [GPT2_WORDS] },
  smollm: { patterns: ["\\p{N}", GPT2_WORDS] },
  qwen2: { patterns: [words("\\p{N}")], normalizer: "NFC" },
  "llama-bpe": LLAMA3,
  llama3: LLAMA3,
  "llama-v3": LLAMA3,
  default: {
    patterns: ["[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2_WORDS, "\\p{N}+", "[0-9][0-9][0-9]"],
  },
};

/** The tokenizer inside a GGUF file. @throws ModelError naming its kind or its splitting if circlet does not know it */
export function ggufTokenizer(file: GgufFile): Tokenizer {
  const kind = file.metadata.get("tokenizer.ggml.model");
  if (kind === "llama") return tokenizerOf(file);
  if (kind !== "gpt2") throw new ModelError(`The GGUF file has a tokenizer of kind ${String(kind)}, circlet knows "llama" and "gpt2"`);
  const { tokenizer, config } = tokenizerFiles(file);
  return huggingFaceTokenizer(tokenizer, config);
}

/** What tokenizer.json and tokenizer_config.json would be. */
function tokenizerFiles(file: GgufFile): { tokenizer: JsonRecord; config: JsonRecord } {
  const name = file.metadata.get("tokenizer.ggml.pre") ?? "default";
  const splitting = typeof name === "string" && Object.hasOwn(SPLITTINGS, name) ? SPLITTINGS[name] : undefined;
  if (!splitting)
    throw new ModelError(
      `The GGUF file has a tokenizer that splits texts by ${JSON.stringify(name)}, circlet knows ${Object.keys(SPLITTINGS).join(", ")}`,
    );
  const tokens = listOf(file, "tokenizer.ggml.tokens", "string");
  const kinds = listOf(file, "tokenizer.ggml.token_type", "number");
  if (kinds.length !== tokens.length) throw new ModelError("The tokenizer's lists differ in length");
  const special = (key: string): string | undefined => {
    const token = file.metadata.get(`tokenizer.ggml.${key}_token_id`);
    return typeof token === "number" ? tokens[token] : undefined;
  };
  const [begin, end] = [special("bos"), special("eos")];
  const begins = file.metadata.get("tokenizer.ggml.add_bos_token") ?? splitting.begins === true;
  const ends = file.metadata.get("tokenizer.ggml.add_eos_token") ?? false;
  if (typeof begins !== "boolean" || ends !== false)
    throw new ModelError("The GGUF file has a tokenizer that ends texts with a token, which circlet does not know");
  if (begins && begin === undefined) throw new ModelError("The GGUF file has a tokenizer that begins texts with a token, but none for it");
  const added = tokens.flatMap((content, id) => {
    const kind = kinds[id];
    const is = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return kind === CONTROL || kind === OWN ? [{ id, content, special: kind === CONTROL, ...is }] : [];
  });
  const splits = splitting.patterns.map((Regex) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false }));
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  const template = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: begin, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  };
  return {
    tokenizer: {
      added_tokens: added,
      normalizer: splitting.normalizer === undefined ? null : { type: splitting.normalizer },
      pre_tokenizer: { type: "Sequence", pretokenizers: [...splits, bytes] },
      post_processor: begins ? template : null,
      decoder: bytes,
      model: {
        type: "BPE",
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: listOf(file, "tokenizer.ggml.merges", "string"),
        ignore_merges: splitting.wholeWords === true,
      },
    },
    config: { bos_token: begin, eos_token: end },
  };
}
