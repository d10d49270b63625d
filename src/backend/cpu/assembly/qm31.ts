/**
 * One element of K in a vector: words [a, b, c, d]. A product ab is sum_j a_j R_j with R_j = b * (1, i, u, iu)_j: sixteen unreduced word products in
 * two vectors of u64, below 4 P^2 < 2^64, and one reduction. About 60 operations; 45 where the R_j of a constant are at hand.
 */
import { add, reduce } from "./m31";

/** i * b, loose: [-b1, b0, -b3, b2]; negation complements bits. */
// @ts-ignore: decorator
@inline
export function timesI(b: v128): v128 {
  return v128.xor(i32x4.shuffle(b, b, 1, 0, 3, 2), i32x4(0x7fffffff, 0, 0x7fffffff, 0));
}

/** u * b: [2 b2 - b3, b2 + 2 b3, b0, b1]. */
// @ts-ignore: decorator
@inline
export function timesU(b: v128): v128 {
  const d = i32x4.shuffle(b, b, 2, 3, 2, 3);
  const other = v128.xor(i32x4.shuffle(b, b, 3, 2, 3, 2), i32x4(0x7fffffff, 0, 0, 0));
  return i32x4.shuffle(add(add(d, d), other), b, 0, 1, 4, 5);
}

/** Lower half (words 0, 1) of the unreduced product. */
// @ts-ignore: decorator
@inline
export function dotLow(a: v128, r0: v128, r1: v128, r2: v128, r3: v128): v128 {
  return i64x2.add(
    i64x2.add(i64x2.extmul_low_i32x4_u(i32x4.shuffle(a, a, 0, 0, 0, 0), r0), i64x2.extmul_low_i32x4_u(i32x4.shuffle(a, a, 1, 1, 1, 1), r1)),
    i64x2.add(i64x2.extmul_low_i32x4_u(i32x4.shuffle(a, a, 2, 2, 2, 2), r2), i64x2.extmul_low_i32x4_u(i32x4.shuffle(a, a, 3, 3, 3, 3), r3)),
  );
}

/** Upper half (words 2, 3) of the unreduced product. */
// @ts-ignore: decorator
@inline
export function dotHigh(a: v128, r0: v128, r1: v128, r2: v128, r3: v128): v128 {
  return i64x2.add(
    i64x2.add(i64x2.extmul_high_i32x4_u(i32x4.shuffle(a, a, 0, 0, 0, 0), r0), i64x2.extmul_high_i32x4_u(i32x4.shuffle(a, a, 1, 1, 1, 1), r1)),
    i64x2.add(i64x2.extmul_high_i32x4_u(i32x4.shuffle(a, a, 2, 2, 2, 2), r2), i64x2.extmul_high_i32x4_u(i32x4.shuffle(a, a, 3, 3, 3, 3), r3)),
  );
}

/** sum_j a_j r_j. */
// @ts-ignore: decorator
@inline
export function dot(a: v128, r0: v128, r1: v128, r2: v128, r3: v128): v128 {
  return reduce(dotLow(a, r0, r1, r2, r3), dotHigh(a, r0, r1, r2, r3));
}

// @ts-ignore: decorator
@inline
export function product(a: v128, b: v128): v128 {
  const u = timesU(b);
  return dot(a, b, timesI(b), u, timesI(u));
}

/** Adds a u64 vector to a running sum of low words and one of high words, so that 2^32 terms fit. */
// @ts-ignore: decorator
@inline
export function lowWords(x: v128): v128 {
  return v128.and(x, i64x2.splat(0xffffffff));
}

// @ts-ignore: decorator
@inline
export function highWords(x: v128): v128 {
  return i64x2.shr_u(x, 32);
}

/** A u64 to one below 2^34 that is congruent to it. */
// @ts-ignore: decorator
@inline
function foldOnce(x: v128): v128 {
  return i64x2.add(lowWords(x), i64x2.shl(highWords(x), 1));
}

/** The element of split sums: low words + 2^32 * high words, for words 0, 1 (a) and 2, 3 (b). */
export function reduceSplit(aLow: v128, aHigh: v128, bLow: v128, bHigh: v128): v128 {
  const a = i64x2.add(foldOnce(aLow), i64x2.shl(foldOnce(aHigh), 1));
  const b = i64x2.add(foldOnce(bLow), i64x2.shl(foldOnce(bHigh), 1));
  return reduce(a, b);
}

/** Adds an element to the one in memory. */
// @ts-ignore: decorator
@inline
export function addTo(at: usize, x: v128): void {
  v128.store(at, add(v128.load(at), x));
}

/** [1, 0, 0, 0]. */
// @ts-ignore: decorator
@inline
export function one(): v128 {
  return i32x4(1, 0, 0, 0);
}
