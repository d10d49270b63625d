/**
 * The key of a computation in segments (SPEC §13.1): one verifying key for each group of layers, in order. Its digest is the model id. What fits together is
 * checked here, once a key, so that proofs have to be compared by their roots and statements alone.
 */
import { ModelError } from "../errors.ts";
import { P } from "../field/m31.ts";
import { hashBytes } from "../hash/bytes.ts";
import { suiteByName } from "../hash/suites.ts";
import type { CommitmentKind } from "../pcs/layout.ts";
import { FORMAT_VERSION, idOf, inputCodec, keyCodec, outputCodec, type VerifyingKey } from "../proof/key.ts";
import { type Codec, decodeAll, encodeAll, list, struct, text, u32 } from "../proof/schema.ts";
import { log2 } from "../security/numbers.ts";
import { type Work, workOf } from "../system/shape.ts";
import type { ColumnSpec } from "../system/types.ts";
import { prepareKey } from "../verifier/verify.ts";

const MAGIC = 0x6b736363; // "ccsk"
/** Segments of one key. */
export const MAX_SEGMENTS = 256;
/** What all segments together may ask of a verifier: some times what one of them may, as some kilobytes can ask for the most. */
const MAX_WORK: Work = { blocks: 2 ** 19, visits: 2 ** 22, steps: 2 ** 25, cells: 2 ** 22 };

export interface SegmentedKey {
  readonly version: number;
  /** Name of the model, for people. */
  readonly name: string;
  /** One for each segment, in order. */
  readonly segments: readonly VerifyingKey[];
}

type File = SegmentedKey & { readonly magic: number };
const file: Codec<File> = struct<File>({ magic: u32, version: u32, name: text, segments: list(keyCodec) });

/** The bytes of a segmented key's file. */
export function encodeSegmentedKey(key: SegmentedKey): Uint8Array {
  return encodeAll(file, { magic: MAGIC, ...key });
}

/** A segmented key from its bytes; what it says is checked by `prepareSegments`. @throws SyntaxError if these are not the bytes of one */
export function decodeSegmentedKey(bytes: Uint8Array): SegmentedKey {
  const { magic, ...key } = decodeAll(file, bytes);
  if (magic !== MAGIC) throw new SyntaxError("Cannot read a segmented key: the file does not begin with its mark");
  const other = [key, ...key.segments].find((k) => k.version !== FORMAT_VERSION);
  if (other) throw new SyntaxError(`Cannot read a segmented key of version ${other.version}, only ${FORMAT_VERSION}`);
  return key;
}

/** The model id: the digest of the key's bytes as 64 hexadecimal digits. @throws SyntaxError, ModelError, RangeError if the key contradicts itself */
export function segmentedId(key: SegmentedKey): string {
  return prepareSegments(key).id;
}

/** What follows from a segmented key before a proof is read. */
export interface PreparedSegments {
  /** The model id: the digest of the key's bytes. */
  readonly id: string;
  /** Proven bits of all segments together: -log2 of the sum of their errors. */
  readonly bits: number;
}

/** Made once per key object. */
const prepared = new WeakMap<SegmentedKey, PreparedSegments>();

/** Checks that the segments are parts of one computation. @throws SyntaxError, ModelError, RangeError if the key contradicts itself */
export function prepareSegments(key: SegmentedKey): PreparedSegments {
  let made = prepared.get(key);
  if (!made) {
    made = check(key);
    prepared.set(key, made);
  }
  return made;
}

function check(key: SegmentedKey): PreparedSegments {
  const { segments } = key;
  const [first] = segments;
  const suite = suiteByName(first?.suite ?? "");
  if (!first || !suite || segments.length > MAX_SEGMENTS)
    throw new ModelError(`A segmented key has 1 to ${MAX_SEGMENTS} segments, not ${segments.length}`);
  let error = 0;
  let before: readonly ColumnSpec[] = [];
  const work = { blocks: 0, visits: 0, steps: 0, cells: 0 };
  segments.forEach((segment, i) => {
    const refuse = (what: string): never => {
      throw new ModelError(`Segment ${i + 1} of the key ${what}`);
    };
    const { regime, rowBits, blowup } = segment.parameters;
    error += prepareKey(segment).plan.soundness.error;
    const own = workOf(segment.system);
    for (const what of ["blocks", "visits", "steps", "cells"] as const) {
      work[what] += own[what];
      if (work[what] > MAX_WORK[what]) refuse(`asks for too much, with those before it: ${work[what]} ${what}`);
    }
    if (segment.suite !== first.suite) refuse("is for another hash suite");
    if (regime !== "unique-decoding") refuse("is not in the regime of unique decoding, where a root binds one word");
    if (rowBits !== first.parameters.rowBits || blowup !== first.parameters.blowup) refuse("has other rows or another rate than the first");
    if (!sameStatements(segment, first)) refuse("is for other statements than the first");
    if (!sameBoundary(before, columnsOf(segment, "incoming"))) refuse("does not begin with what the one before it ends with");
    before = columnsOf(segment, "outgoing");
  });
  if (before.length > 0) throw new ModelError("The last segment of the key ends with a boundary");
  const digest = hashBytes(suite, encodeSegmentedKey(key));
  return { id: idOf(digest), bits: -log2(error) };
}

function columnsOf({ system }: VerifyingKey, kind: CommitmentKind): ColumnSpec[] {
  return system.columns.filter((c) => c.kind === kind);
}

/** Whether two sides of a boundary commit alike: equal words then stand for equal integers. */
function sameBoundary(outgoing: readonly ColumnSpec[], incoming: readonly ColumnSpec[]): boolean {
  return (
    outgoing.length === incoming.length &&
    outgoing.every((out, k) => {
      const { shape, range } = incoming[k] ?? out;
      return shape.join() === out.shape.join() && range.join() === out.range.join() && range[1] - range[0] < P;
    })
  );
}

/** Whether two keys read the same input bytes and output index as the same statement. */
function sameStatements(one: VerifyingKey, other: VerifyingKey): boolean {
  const bytesOf = ({ input, output }: VerifyingKey) => [...encodeAll(inputCodec, input), ...encodeAll(outputCodec, output)].join();
  return bytesOf(one) === bytesOf(other);
}
