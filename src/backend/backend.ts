/**
 * What a prover asks of a device: about twenty computations on columns of field elements, and four on integers, named by the mathematics.
 *
 * A backend knows no protocol: no order, no labels, no model. Calls are queued and take effect in call order; only `read` waits. Challenges
 * live on the device as *scalars*, named by an index, so that nothing has to come back before the proof is finished. Sums are exact and words are
 * canonical, so every backend yields the same words: proof bytes never depend on the backend.
 *
 * Conventions (SPEC §1): words in [0, p); an element of K is 4 consecutive words; tables are indexed with variable 0 as the most
 * significant bit; binding takes the first variable.
 */

import type { IntegerVerbs } from "../tensor/integers.ts";

/** Words per entry: 1 for the field F = M31, 4 for K = QM31. */
export type Width = 1 | 4;

/** A column on the device: `length` entries of `width` words. Opaque but for its sizes; valid until freed or its session ends. */
export interface Column {
  readonly length: number;
  readonly width: Width;
}

/** Index of an element of K in the session's scalar table. */
export type Scalar = number;

/** coefficient * base^exponent; exponent in [0, 2^31), coefficient a canonical word. */
export interface Monomial {
  readonly exponent: number;
  readonly coefficient: number;
}

/** One dimension of a `spread` target: 2^bits entries along source axis `axis`, or along no axis of the source (repeat) if null. */
export interface SpreadDimension {
  readonly bits: number;
  readonly axis: number | null;
}

/** A group of fractions written by `fractions` (SPEC §6.1). */
export interface FractionInstance {
  /** First index in the leaf layer, a multiple of the instance's padded size. */
  readonly offset: number;
  /** Real sizes of the cells; the padded size is the product of the next powers of two. */
  readonly shape: readonly number[];
  /** The looked-up columns or the table's columns, width 1, one entry a real cell, row-major. */
  readonly columns: readonly Column[];
  /** Number of the table, a canonical word. */
  readonly table: number;
  /** Multiplicities (width 1, one a real cell): numerator -m. Null for a look-up: numerator 1 on real cells. */
  readonly multiplicity: Column | null;
}

/** sum over the cells of `tensor` (width 1, row-major) of cell * prod_d weights_d[index_d]: a table of width 4 an axis, with at least as many entries. */
export interface Evaluation {
  readonly tensor: Column;
  readonly shape: readonly number[];
  readonly weights: readonly Column[];
}

/** One term of a product sumcheck: weight * product of tables (indices into the call's list, each at most once). */
export interface ProductTerm {
  readonly tables: readonly number[];
  readonly weight: Scalar;
}

/** A term that takes no part yet: it adds factor * weight * total at every point. */
export interface IdleTerm {
  readonly total: Column;
  readonly weight: Scalar;
  readonly factor: number;
}

/** weight * <first, second>, both of width 4. */
export interface InnerPair {
  readonly first: Column;
  readonly second: Column;
  readonly weight: Scalar;
}

/** The device state of one proof. Ending it frees every column. Integer columns have width 1: a cell v is the word v mod p. */
export interface Session extends IntegerVerbs<Column> {
  // --- columns
  /** Copies canonical words; length = words.length / width. */
  upload(words: Uint32Array, width: Width): Column;
  /** `length` zero entries. */
  zeros(length: number, width: Width): Column;
  /** A view of entries offset .. offset + length - 1; shares memory with `column`. */
  slice(column: Column, offset: number, length: number): Column;
  /**
   * A column that stays on the device for later sessions: the one kept for `owner` under `name`, or else the one that `make` returns, which is no view. Nothing
   * may change or free it. A backend may keep nothing.
   */
  kept(owner: object, name: string, make: () => Column): Column;
  /** The words of a column. The only call that waits. */
  read(column: Column): Promise<Uint32Array>;
  /** Releases a column before the session ends (not a view of one). */
  free(column: Column): void;
  /** A new width-4 column with the same values. */
  lift(column: Column): Column;
  /** dst[dstOffset + row-major index] = src[srcOffset + sum_d index_d * strides_d] over all indices below `sizes`; width 1. */
  place(dst: Column, dstOffset: number, src: Column, srcOffset: number, sizes: readonly number[], strides: readonly number[]): void;
  /** The entries at the given indices, in order. */
  gather(column: Column, indices: Uint32Array): Column;

  // --- scalars and transcript (SPEC §2.2)
  /** Appends known elements of K to the scalar table; returns the first index. words.length is a multiple of 4. */
  constants(words: Uint32Array): Scalar;
  /** Appends coefficient_k * base^exponent_k for every k; returns the first index. */
  monomials(base: Scalar, terms: readonly Monomial[]): Scalar;
  /** Absorbs words that both sides know. */
  absorb(tag: number, words: Uint32Array): void;
  /** Absorbs the columns' words, one after the other, as one message, and appends them to the proof. */
  send(tag: number, columns: readonly Column[]): void;
  /** Draws elements of K into the scalar table; returns the first index. */
  draw(count: number): Scalar;
  /** Proof of work; the nonce is appended to the proof. bits 0 does nothing. */
  grind(bits: number): void;
  /** Draws positions below 2^bits: a width-1 column of plain integers. */
  drawPositions(count: number, bits: number): Column;
  /** All words sent so far, in order (nonces are one word). */
  tape(): Promise<Uint32Array>;

  // --- multilinear tables
  /** weight * eq(point, x) for all x: length 2^point.length, width 4. weight defaults to 1. */
  eqTable(point: readonly Scalar[], weight?: Scalar): Column;
  /** out[a, c] = sum_{b < B} weights[b] t[a, b, c] for t of length A*B*C, width 1 or 4; weights has at least B entries, width 4. Width 4 out. */
  contract(t: Column, outer: number, inner: number, weights: Column): Column;
  /** A column of one element for each evaluation. */
  evaluate(evaluations: readonly Evaluation[]): Column[];
  /**
   * dst[x] = source[index of x] or 0 where an index passes the source's real size. `shape`: real sizes of the source, row-major, width 4. The target's
   * index is made of `dimensions`, first most significant. Source axes of size 1 may be left out of `dimensions`.
   */
  spread(source: Column, shape: readonly number[], dimensions: readonly SpreadDimension[]): Column;
  /** sum_x product of the tables' entries: a column of one element. Equal lengths, width 4. */
  sumProduct(tables: readonly Column[]): Column;
  /** sum_k weight_k * column_k[x]: width 4; equal lengths, any widths. */
  combine(columns: readonly Column[], weights: readonly Scalar[]): Column;
  /** Binds the first variable in place: the first half of each table becomes lo + r (hi - lo). */
  bind(tables: readonly Column[], r: Scalar): void;
  /** dst[offset + j] += weight * prod_i (bit_i ? s_i : 1 - s_i) * eq(point, j), j < 2^point.length; width 4. */
  addEq(
    dst: Column,
    offset: number,
    point: readonly Scalar[],
    conditions: readonly { readonly scalar: Scalar; readonly bit: 0 | 1 }[],
    weight: Scalar,
  ): void;

  // --- sumcheck rounds
  /**
   * One round of sum_t weight_t prod tables (SPEC §7.4) on tables of `size` entries, a power of two >= 2. A table of 2 * size entries is first bound in
   * place by r (its first half then holds the bound table); one of `size` entries joins in this round. Returns `degree` elements: the sum over the
   * remaining variables at X = 0, 2, ..., degree of the next variable, idle terms added to each.
   */
  productRound(
    size: number,
    tables: readonly Column[],
    terms: readonly ProductTerm[],
    idle: readonly IdleTerm[],
    degree: number,
    r: Scalar | null,
  ): Column;
  /**
   * One round of sum_t weight_t <first_t, second_t> (SPEC §8.4) on columns of `size` entries, a power of two >= 2; those of 2 * size are first bound in place by r.
   * Returns 2 elements: value at 0 and leading coefficient of the quadratic in the next variable; idle terms are constant and count at 0 only.
   */
  innerRound(size: number, pairs: readonly InnerPair[], idle: readonly IdleTerm[], r: Scalar | null): Column;

  // --- look-ups (SPEC §6)
  /** The leaf layer: numerators and denominators of length 2^bits, width 4; indices that no instance covers are 0/1. */
  fractions(
    bits: number,
    instances: readonly FractionInstance[],
    alpha: Scalar,
    beta: Scalar,
  ): { numerators: Column; denominators: Column };
  /** The layer above: pairs i and i + half. */
  addFractions(numerators: Column, denominators: Column): { numerators: Column; denominators: Column };
  /**
   * One round of a look-up layer (SPEC §6.3) on four tables n0, n1, d0, d1 of one length and eq over all variables after the next one to be summed.
   * With `r` not null first binds the four tables in place, and sums eq's halves in place (eq'[x] = eq[x] + eq[x + half]). Returns q(0), q(inf).
   * Before binding, with r: tables of length 2L, eq of length L; without: tables of length L, eq of length L/2. L >= 2.
   */
  fractionRound(tables: readonly [Column, Column, Column, Column], eq: Column, lambda: Scalar, r: Scalar | null): Column;

  // --- line code and hashing (SPEC §2, §3)
  /** Four columns c .. c+3 of a stacked matrix (column-major, 2^rowBits rows) side by side as entries of K: a message of 2^rowBits. */
  interleave(matrix: Column, rowBits: number, column: number): Column;
  /** Line code of a message of 2^m entries of width 4, per word: 2^(m+blowup) entries. */
  encode(message: Column, blowup: number): Column;
  /** Folds a codeword by r: half the length (SPEC §3.3). */
  fold(codeword: Column, r: Scalar): Column;
  /** Fresh row-hash states for `rows` rows of `words` words. */
  rowHasher(rows: number, words: number): RowHasher;
  /** All nodes in heap order from row digests: 2 * rows digests as 4 * rows entries of width 4 (a digest is 2 entries; node k at entries 2k, 2k+1; node 0 zero). */
  merkle(digests: Column): Column;

  /** Frees everything. */
  end(): void;
}

/** Resident row-hash states (SPEC §2.4): absorb 8 words of every row at a time. */
export interface RowHasher {
  /** Row i absorbs the 8 words a[i], b[i]; a and b have width 4 and one entry a row. */
  absorb(a: Column, b: Column): void;
  /** The digests, 2 entries of width 4 a row; frees the states. */
  digests(): Column;
}

/** What was asked of a device: a proof should be a few submissions and read-backs. */
export interface DeviceCounters {
  /** Command buffers handed to the device. */
  readonly submissions: number;
  readonly dispatches: number;
  /** Times that the host waited for results. */
  readonly readBacks: number;
  /** Bytes of columns written to the device, and read from it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A kind of device. */
export interface Backend {
  /** For reports: "reference", "cpu (wasm simd, 2 threads)", an adapter's name. */
  readonly name: string;
  /** Counts since the backend was opened, which only grow. Absent where the host itself computes. */
  readonly counters?: Readonly<DeviceCounters> | undefined;
  /** Where witness columns are best made: with the session's integer verbs, or by the host's own definitions, and uploaded. */
  readonly witness: "device" | "host";
  /** Starts a proof. Sessions are independent. */
  open(): Session;
  /** Resolves when the device has done all that was queued so far. Absent where nothing is queued. */
  finished?(): Promise<void>;
  /** Stops worker threads and releases the device. */
  close(): Promise<void>;
  /** For a backend that stands for several: does `work` on the one in use, and from the start on the next one where that throws a DeviceError. */
  attempt?<T>(work: (backend: Backend) => Promise<T>): Promise<T>;
}
