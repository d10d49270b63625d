/**
 * Statements about an encoder's embedding of a text (SPEC §10.3): the raw input is its tokens and then the embedding's cells, 32 bits each, the output is how many
 * tokens there are. A cell is the sum of the final values of all tokens: divided by their number and 2^exponent it is the mean.
 *
 * Positions that are left read the tokens from the first on again; no token sees them, and they are not in the sum.
 */

export interface EmbeddingEncoding {
  readonly kind: "embedding";
  /** Tokens are below this. */
  readonly vocabulary: number;
  /** The most tokens. */
  readonly positions: number;
  /** Cells of an embedding. */
  readonly width: number;
  /** No cell's absolute value is larger. */
  readonly limit: number;
  readonly exponent: number;
  /** The public column that marks the positions which are tokens. */
  readonly presentColumn: number;
}

/** A text's tokens and their embedding, the sum of final values. */
export interface EmbeddingStatement {
  readonly tokens: readonly number[];
  readonly cells: Int32Array;
}

/** The raw input of a statement. */
export function embeddingBytes({ tokens, cells }: EmbeddingStatement): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * (tokens.length + cells.length)));
  tokens.forEach((token, i) => {
    view.setUint32(4 * i, token, true);
  });
  cells.forEach((v, c) => {
    view.setInt32(4 * (tokens.length + c), v, true);
  });
  return new Uint8Array(view.buffer);
}

/** The statement of a raw input with `count` tokens. @throws RangeError if the model cannot have made it */
export function readEmbedding(
  { vocabulary, positions, width, limit }: EmbeddingEncoding,
  raw: Uint8Array,
  count: number,
): EmbeddingStatement {
  if (!Number.isInteger(count) || count < 1 || count > positions)
    throw new RangeError(`The model takes 1 to ${positions} tokens, not ${count}`);
  if (raw.length !== 4 * (count + width))
    throw new RangeError(`The input has ${raw.length} bytes, ${count} tokens and ${width} cells have ${4 * (count + width)}`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const tokens = Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true));
  const cells = Int32Array.from({ length: width }, (_, c) => view.getInt32(4 * (count + c), true));
  for (const [i, token] of tokens.entries())
    if (token >= vocabulary) throw new RangeError(`Token ${i} is ${token}, the model has ${vocabulary}`);
  for (const [c, v] of cells.entries()) if (Math.abs(v) > limit) throw new RangeError(`Cell ${c} is ${v}, outside ${limit}`);
  return { tokens, cells };
}

/** The embedding's mean, as real numbers. */
export function meanOf({ exponent }: Pick<EmbeddingEncoding, "exponent">, { tokens, cells }: EmbeddingStatement): Float64Array {
  return Float64Array.from(cells, (v) => v / tokens.length / 2 ** exponent);
}
