/**
 * The verifying key: everything that a proof's statement rests on, in one canonical encoding (SPEC §10.1). The model id is its digest.
 */
import { InternalError } from "../errors.ts";
import { hashBytes } from "../hash/bytes.ts";
import type { Digest, SuiteName } from "../hash/suite.ts";
import { suiteByName } from "../hash/suites.ts";
import type { Parameters, Regime } from "../security/types.ts";
import type { InputEncoding, OutputDecoding } from "../statement/encoding.ts";
import type { Axis, ColumnId, ColumnSpec, Constraint, Factor, Leaf, Lookup, System, Table, TableColumn, Term } from "../system/types.ts";
import { type Codec, decodeAll, encodeAll, i32, list, literal, oneOf, struct, text, tuple, u32, union, words } from "./schema.ts";

/** Format version of keys and proofs; a change of any order is a new one. */
export const FORMAT_VERSION = 1;
const MAGIC = 0x6b766363; // "ccvk"

export interface VerifyingKey {
  readonly version: number;
  readonly suite: SuiteName;
  /** Name of the model, for people. */
  readonly name: string;
  readonly parameters: Parameters;
  readonly system: System;
  readonly input: InputEncoding;
  /** The public column that holds the encoded input. */
  readonly inputColumn: ColumnId;
  readonly output: OutputDecoding;
  /** The public scalar column that holds the output's index; a decoder's holds the token that follows every position, an encoder's the embedding. */
  readonly outputColumn: ColumnId;
  readonly weightRoot: Digest;
}

const ids = list(u32);
const range = tuple<number, readonly [number, number]>(i32, 2);
const one = tuple<number, readonly [number]>(u32, 1);
const two = tuple<number, readonly [number, number]>(u32, 2);
const three = tuple<number, readonly [number, number, number]>(u32, 3);

const axis: Codec<Axis> = struct<Axis>({ name: text, size: u32 });
const column: Codec<ColumnSpec> = struct<ColumnSpec>({
  name: text,
  kind: oneOf(["weight", "witness", "public", "incoming", "outgoing"]),
  shape: ids,
  range,
});
const leaf: Codec<Leaf> = struct<Leaf>({ column: u32, axes: ids });
type FactorOf<K extends Factor["kind"]> = Extract<Factor, { kind: K }>;
const factor: Codec<Factor> = union<Factor>({
  ones: struct<FactorOf<"ones">>({ kind: literal("ones"), axes: one }),
  at: struct<FactorOf<"at">>({ kind: literal("at"), axes: one, index: u32 }),
  shift: struct<FactorOf<"shift">>({ kind: literal("shift"), axes: two, offset: i32 }),
  window: struct<FactorOf<"window">>({ kind: literal("window"), axes: three, stride: u32, dilation: u32, pad: i32 }),
  select: struct<FactorOf<"select">>({ kind: literal("select"), axes: one, column: u32 }),
  below: struct<FactorOf<"below">>({ kind: literal("below"), axes: one, column: u32 }),
  causal: struct<FactorOf<"causal">>({ kind: literal("causal"), axes: two }),
  selectEach: struct<FactorOf<"selectEach">>({ kind: literal("selectEach"), axes: two, column: u32 }),
  belowEach: struct<FactorOf<"belowEach">>({ kind: literal("belowEach"), axes: two, column: u32 }),
});
const term: Codec<Term> = struct<Term>({ coefficient: i32, leaves: list(leaf), factors: list(factor) });
const constraint: Codec<Constraint> = struct<Constraint>({ name: text, free: ids, terms: list(term) });
type TableColumnOf<K extends TableColumn["kind"]> = Extract<TableColumn, { kind: K }>;
const tableColumn: Codec<TableColumn> = union<TableColumn>({
  iota: struct<TableColumnOf<"iota">>({ kind: literal("iota"), start: i32 }),
  relu: struct<TableColumnOf<"relu">>({ kind: literal("relu") }),
  column: struct<TableColumnOf<"column">>({ kind: literal("column"), column: u32 }),
});
const table: Codec<Table> = struct<Table>({ name: text, size: u32, columns: list(tableColumn), multiplicity: u32 });
const lookup: Codec<Lookup> = struct<Lookup>({ name: text, table: u32, columns: ids });
const system: Codec<System> = struct<System>({
  axes: list(axis),
  columns: list(column),
  constraints: list(constraint),
  tables: list(table),
  lookups: list(lookup),
});
const parameters: Codec<Parameters> = struct<Parameters>({
  regime: oneOf<Regime>(["unique-decoding", "johnson"]),
  rowBits: u32,
  blowup: u32,
  folds: ids,
  finalBits: u32,
  queries: u32,
  grinding: struct<Parameters["grinding"]>({ lookup: u32, fold: u32, query: u32 }),
});
type InputOf<K extends InputEncoding["kind"]> = Extract<InputEncoding, { kind: K }>;
/** How a key says which statements it is for. */
export const inputCodec: Codec<InputEncoding> = union<InputEncoding>({
  tensor: struct<InputOf<"tensor">>({ kind: literal("tensor"), shape: ids, exponent: i32, range }),
  ngrams: struct<InputOf<"ngrams">>({ kind: literal("ngrams"), groups: list(list(text)), exponent: i32 }),
  tokens: struct<InputOf<"tokens">>({ kind: literal("tokens"), vocabulary: u32, positions: u32 }),
  embedding: struct<InputOf<"embedding">>({
    kind: literal("embedding"),
    vocabulary: u32,
    positions: u32,
    width: u32,
    limit: u32,
    exponent: i32,
    presentColumn: u32,
  }),
});
export const outputCodec: Codec<OutputDecoding> = struct<OutputDecoding>({ labels: list(text) });
/** A key without its mark. */
export const keyCodec: Codec<VerifyingKey> = struct<VerifyingKey>({
  version: u32,
  suite: oneOf(["poseidon2-m31"]),
  name: text,
  parameters,
  system,
  input: inputCodec,
  inputColumn: u32,
  output: outputCodec,
  outputColumn: u32,
  weightRoot: words(8),
});
const file: Codec<{ magic: number; key: VerifyingKey }> = struct<{ magic: number; key: VerifyingKey }>({ magic: u32, key: keyCodec });

/** The bytes of a verifying key file. */
export function encodeKey(value: VerifyingKey): Uint8Array {
  return encodeAll(file, { magic: MAGIC, key: value });
}

/** A key from its bytes, what it says is checked by `planKey`. @throws SyntaxError if these are not the bytes of a key */
export function decodeKey(bytes: Uint8Array): VerifyingKey {
  const decoded = decodeAll(file, bytes);
  if (decoded.magic !== MAGIC) throw new SyntaxError("Cannot read a verifying key: the file does not begin with its mark");
  if (decoded.key.version !== FORMAT_VERSION)
    throw new SyntaxError(`Cannot read a verifying key of version ${decoded.key.version}, only ${FORMAT_VERSION}`);
  return decoded.key;
}

/** The digest of a key: 8 words. */
export function keyDigest(value: VerifyingKey): Digest {
  const suite = suiteByName(value.suite);
  if (!suite) throw new InternalError(`no suite ${value.suite}`);
  return hashBytes(suite, encodeKey(value));
}

/** The model id: the key digest's words as 64 hexadecimal digits, most significant digit of each word first. */
export function modelId(value: VerifyingKey): string {
  return idOf(keyDigest(value));
}

/** A key digest as a model id. */
export function idOf(digest: Digest): string {
  return [...digest].map((word) => word.toString(16).padStart(8, "0")).join("");
}
