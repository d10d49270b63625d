/**
 * What a raw input and an output index mean for a model: part of the verifying key, so that a statement speaks of text or tensors and not of columns.
 */

import type { EmbeddingEncoding } from "./embedding.ts";
import { ngramFrequencies } from "./ngrams.ts";
import type { TokenEncoding } from "./tokens.ts";
import { decodeUtf8 } from "./utf8.ts";

/** How raw input bytes become the cells of the public columns. */
export type InputEncoding = CellEncoding | TokenEncoding | EmbeddingEncoding;

/** How raw input bytes become the cells of the public input column, of a network whose output is a label. */
export type CellEncoding =
  | {
      /** Raw bytes: one little-endian signed 32-bit integer a cell, row-major. */
      readonly kind: "tensor";
      readonly shape: readonly number[];
      /** A cell v stands for the number v 2^-exponent. */
      readonly exponent: number;
      /** Smallest and largest cell. */
      readonly range: readonly [number, number];
    }
  | {
      /** Raw bytes: UTF-8 text; cells: n-gram frequencies times 2^exponent. */
      readonly kind: "ngrams";
      /** N-grams in cell order; those of one group have one length in UTF-16 code units. */
      readonly groups: readonly (readonly string[])[];
      readonly exponent: number;
    };

/** What the output index stands for; the output of a decoder or an encoder is no index and has no labels. */
export interface OutputDecoding {
  readonly labels: readonly string[];
}

/** Longest accepted text. */
export const MAX_TEXT_BYTES = 100_000;

/** The sizes of the input column. */
export function inputShape(encoding: InputEncoding): readonly number[] {
  if (encoding.kind === "tokens" || encoding.kind === "embedding") return [encoding.positions];
  return encoding.kind === "tensor" ? encoding.shape : [encoding.groups.reduce((n, group) => n + group.length, 0)];
}

/** The smallest and the largest cell that the input column can hold. */
export function inputRange(encoding: InputEncoding): readonly [number, number] {
  if (encoding.kind === "tokens" || encoding.kind === "embedding") return [0, encoding.vocabulary - 1];
  return encoding.kind === "tensor" ? encoding.range : [0, 2 ** encoding.exponent];
}

/** The cells of the input column. @throws RangeError if the raw input is not one that the model accepts */
export function encodeInput(encoding: CellEncoding, raw: Uint8Array): Int32Array {
  if (encoding.kind === "ngrams") {
    if (raw.length > MAX_TEXT_BYTES) throw new RangeError(`The text has ${raw.length} bytes, allowed are ${MAX_TEXT_BYTES}`);
    return ngramFrequencies(decodeUtf8(raw), encoding.groups, encoding.exponent);
  }
  const cells = encoding.shape.reduce((n, s) => n * s, 1);
  if (raw.length !== 4 * cells)
    throw new RangeError(`The input has ${raw.length} bytes, a tensor of shape [${encoding.shape}] has ${4 * cells}`);
  const [low, high] = encoding.range;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const values = new Int32Array(cells);
  for (let i = 0; i < cells; i++) {
    const value = view.getInt32(4 * i, true);
    if (value < low || value > high) throw new RangeError(`Input cell ${i} is ${value}, allowed is ${low} to ${high}`);
    values[i] = value;
  }
  return values;
}

/** The raw bytes of a tensor's cells, the inverse of `encodeInput` for tensors. */
export function tensorBytes(cells: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * cells.length));
  for (let i = 0; i < cells.length; i++) view.setInt32(4 * i, cells[i] ?? 0, true);
  return new Uint8Array(view.buffer);
}

/** The label of an output index. @throws RangeError if there is none */
export function outputLabel(decoding: OutputDecoding, index: number): string {
  const label = decoding.labels[index];
  if (label === undefined) throw new RangeError(`There is no output ${index}: the model has ${decoding.labels.length} labels`);
  return label;
}
