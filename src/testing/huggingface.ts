/** Hugging Face folders in memory, for tests: those with known answers in fixtures/transformers, changed as a test needs it, and small tokenizers. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "../model/huggingface/safetensors.ts";
import type { OpenFile } from "../model/huggingface/weights.ts";
import { type ByteSource, memorySource } from "../model/source.ts";

export const ARCHITECTURES = ["llama", "llama3", "qwen2", "qwen3", "gpt2", "bert"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** A folder's files by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

export interface StoredValues {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What Hugging Face's own code computes. */
export interface Expected {
  readonly tokens: readonly number[];
  /** After every position. */
  readonly logits?: readonly (readonly number[])[];
  /** The mean over all positions. */
  readonly embedding?: readonly number[];
}

const folderOf = (name: Architecture): string => fileURLToPath(new URL(`./fixtures/transformers/${name}/`, import.meta.url));

export function fixtureFiles(name: Architecture): Files {
  const folder = folderOf(name);
  return new Map(
    readdirSync(folder)
      .filter((file) => file !== "expected.json")
      .map((file) => [file, new Uint8Array(readFileSync(folder + file))]),
  );
}

export function expectedOf(name: Architecture): Expected {
  return JSON.parse(readFileSync(`${folderOf(name)}expected.json`, "utf8")) as Expected;
}

export function openFiles(files: Files): OpenFile {
  return (name) => {
    const bytes = files.get(name);
    return bytes ? memorySource(bytes) : null;
  };
}

/** The files with other settings in config.json; undefined takes one away. */
export function withSettings(files: Files, settings: Readonly<Record<string, unknown>>): Files {
  return new Map([...files, ["config.json", jsonBytes({ ...jsonOf(files, "config.json"), ...settings })]]);
}

/** The files with their tensors changed. */
export function withTensors(files: Files, change: (tensors: Map<string, StoredValues>) => void): Files {
  const tensors = storedTensors(files.get("model.safetensors") ?? new Uint8Array());
  change(tensors);
  return new Map([...files, ["model.safetensors", safetensorsBytes(tensors)]]);
}

/** The files with their tensors in two files. */
export function sharded(files: Files): Map<string, Uint8Array> {
  const tensors = [...storedTensors(files.get("model.safetensors") ?? new Uint8Array())];
  const shards = [tensors.filter((_, i) => i % 2 === 0), tensors.filter((_, i) => i % 2 === 1)];
  const name = (i: number) => `model-0000${i + 1}-of-00002.safetensors`;
  const map = Object.fromEntries(shards.flatMap((shard, i) => shard.map(([tensor]) => [tensor, name(i)])));
  const index = jsonBytes({ metadata: { total_size: 0 }, weight_map: map });
  const rest = [...files].filter(([file]) => file !== "model.safetensors");
  return new Map([
    ...rest,
    ["model.safetensors.index.json", index],
    ...shards.map((s, i): [string, Uint8Array] => [name(i), safetensorsBytes(new Map(s))]),
  ]);
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function jsonOf(files: Files, name: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(files.get(name))) as Record<string, unknown>;
}

/** The tensors of a safetensors file with their bytes. */
export function storedTensors(file: Uint8Array): Map<string, StoredValues> {
  const tensors = [...readSafetensors(memorySource(file)).values()];
  const ends = [...tensors.map((t) => t.offset), file.length];
  return new Map(
    tensors.map(({ name, dtype, shape, offset }) => {
      const end = ends.filter((e) => e > offset).reduce((a, b) => Math.min(a, b));
      return [name, { dtype, shape, bytes: file.slice(offset, end) }];
    }),
  );
}

export function safetensorsBytes(tensors: ReadonlyMap<string, StoredValues>): Uint8Array {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  return safetensorsFile(
    JSON.stringify(header),
    [...tensors.values()].flatMap(({ bytes }) => [...bytes]),
  );
}

/** A safetensors file of any header. */
export function safetensorsFile(header: string, values: readonly number[]): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(values, 8 + text.length);
  return bytes;
}

/** 32-bit floats as a file has them. */
export function stored(shape: readonly number[], values: ArrayLike<number>): StoredValues {
  return { dtype: "F32", shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A source that counts what is read from it. */
export function counted(source: ByteSource): ByteSource & { readonly bytes: number } {
  let bytes = 0;
  return {
    length: source.length,
    get bytes() {
      return bytes;
    },
    read(offset, length) {
      bytes += length;
      return source.read(offset, length);
    },
  };
}

const special = (id: number, content: string) => ({
  id,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
});

/** The 256 characters by which byte-level tokenizers write bytes. */
export function byteCharacters(): string[] {
  const shown = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(shown(b) ? b : next++));
}

/** Byte-level byte pairs: tokens of all bytes, of some pairs, and one that ends a text. */
export function bytePairTokenizer(): { tokenizer: Record<string, unknown>; config: Record<string, unknown> } {
  const pairs = ["h e", "l l", "he ll", "hell o", "\u0120 w", "\u0120w o", "\u00c3 \u00a9"];
  const tokens = [...byteCharacters(), ...pairs.map((pair) => pair.replace(" ", ""))];
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [special(tokens.length, "<|end|>")],
      normalizer: null,
      pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, bytes] },
      post_processor: bytes,
      decoder: bytes,
      model: { type: "BPE", dropout: null, unk_token: null, vocab: Object.fromEntries(tokens.map((t, i) => [t, i])), merges: pairs },
    },
    config: { eos_token: "<|end|>", clean_up_tokenization_spaces: true },
  };
}

/** Pieces of words between [CLS] and [SEP]. */
export function wordPieceTokenizer(): { tokenizer: Record<string, unknown>; config: Record<string, unknown> } {
  const tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "##s", "cafe", "!", "pro", "##of"];
  const template = [
    { SpecialToken: { id: "[CLS]", type_id: 0 } },
    { Sequence: { id: "A", type_id: 0 } },
    { SpecialToken: { id: "[SEP]", type_id: 0 } },
  ];
  return {
    tokenizer: {
      version: "1.0",
      truncation: { max_length: 3 },
      padding: { strategy: { Fixed: 9 } },
      added_tokens: tokens.slice(0, 4).map((content, id) => special(id, content)),
      normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: { type: "TemplateProcessing", single: template, pair: template, special_tokens: {} },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        vocab: Object.fromEntries(tokens.map((t, i) => [t, i])),
      },
    },
    config: { cls_token: "[CLS]", sep_token: "[SEP]" },
  };
}

/** The BERT of the fixtures with a tokenizer of eleven word pieces, of which it has 60. */
export function encoderFiles(): Files {
  const { tokenizer, config } = wordPieceTokenizer();
  return new Map([...fixtureFiles("bert"), ["tokenizer.json", jsonBytes(tokenizer)], ["tokenizer_config.json", jsonBytes(config)]]);
}

/** The LLaMA of the fixtures with a tokenizer of the letters a to z. */
export function decoderFiles(): Files {
  const { tokenizer } = bytePairTokenizer();
  const vocab = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [String.fromCharCode(97 + i), i]));
  const letters = { ...tokenizer, added_tokens: [], model: { type: "BPE", vocab, merges: [] } };
  return new Map([
    ...fixtureFiles("llama"),
    ["tokenizer.json", jsonBytes(letters)],
    ["tokenizer_config.json", jsonBytes({ eos_token: "z" })],
  ]);
}

/** Writes a folder's files. */
export function writeFiles(files: Files, folder: string): string {
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}
