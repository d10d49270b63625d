/**
 * Statements about a decoder's tokens (SPEC §10.3): the raw input is all tokens, 32 bits each, the output is how many of them, at the end, were generated.
 *
 * n tokens take n - 1 positions, as the last one is not read. Positions that are left read the tokens from the first on again, and nothing is claimed of them.
 */

export interface TokenEncoding {
  readonly kind: "tokens";
  /** Tokens are below this. */
  readonly vocabulary: number;
  /** Positions that the system has: one less than the most tokens. */
  readonly positions: number;
}

/** The tokens of a statement. */
export interface TokenStatement {
  readonly prompt: readonly number[];
  readonly generated: readonly number[];
}

/** The cells of the public columns: the token read at every position, and the token that follows it, `vocabulary` where none is claimed. */
export interface TokenColumns {
  readonly tokens: Int32Array;
  readonly next: Int32Array;
}

/** The raw input of a statement. */
export function tokenBytes({ prompt, generated }: TokenStatement): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * (prompt.length + generated.length)));
  [...prompt, ...generated].forEach((token, i) => {
    view.setUint32(4 * i, token, true);
  });
  return new Uint8Array(view.buffer);
}

/** The tokens of a raw input of which `generated` were generated. @throws RangeError if the model cannot have been given them */
export function readTokens({ vocabulary, positions }: TokenEncoding, raw: Uint8Array, generated: number): TokenStatement {
  const count = raw.length / 4;
  if (!Number.isInteger(count) || count < 2 || count > positions + 1)
    throw new RangeError(`The input has ${raw.length} bytes, the model takes 2 to ${positions + 1} tokens of 4`);
  if (!Number.isInteger(generated) || generated < 1 || generated >= count)
    throw new RangeError(`Of ${count} tokens ${generated} cannot be generated: at least one is, and at least one is given`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const tokens = Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true));
  for (const [i, token] of tokens.entries())
    if (token >= vocabulary) throw new RangeError(`Token ${i} is ${token}, the model has ${vocabulary}`);
  return { prompt: tokens.slice(0, count - generated), generated: tokens.slice(count - generated) };
}

/** The public columns of a statement. */
export function tokenColumns({ vocabulary, positions }: TokenEncoding, { prompt, generated }: TokenStatement): TokenColumns {
  const all = [...prompt, ...generated];
  const read = all.length - 1;
  return {
    tokens: Int32Array.from({ length: positions }, (_, i) => all[i % read] ?? 0),
    next: Int32Array.from({ length: positions }, (_, i) => (i >= prompt.length - 1 ? (all[i + 1] ?? vocabulary) : vocabulary)),
  };
}
