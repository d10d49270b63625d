/**
 * Four words of M31 side by side. Unless said otherwise words are canonical, in and out; *loose* words are in [0, P], so that P may stand for 0.
 * add, sub and mul also take loose words and then return loose ones.
 */

/** P in every lane. */
// @ts-ignore: decorator
@inline
export function modulus(): v128 {
  return i32x4.splat(0x7fffffff);
}

/** Loose to canonical; also maps [P, 2P) to [0, P). */
// @ts-ignore: decorator
@inline
export function canonical(x: v128): v128 {
  return i32x4.min_u(x, i32x4.sub(x, modulus()));
}

// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128): v128 {
  return canonical(i32x4.add(a, b));
}

/** A negative difference wraps to at least 2^31 + 1, so the smaller of d and d + P is the right one. */
// @ts-ignore: decorator
@inline
export function sub(a: v128, b: v128): v128 {
  const d = i32x4.sub(a, b);
  return i32x4.min_u(d, i32x4.add(d, modulus()));
}

/** Four products: of 2ab the high word is floor(ab / 2^31) and half the low word is ab mod 2^31. */
// @ts-ignore: decorator
@inline
export function mul(a: v128, b: v128): v128 {
  const b2 = i32x4.add(b, b);
  const low = i64x2.extmul_low_i32x4_u(a, b2);
  const high = i64x2.extmul_high_i32x4_u(a, b2);
  const quotient = i32x4.shuffle(low, high, 1, 3, 5, 7);
  const remainder = i32x4.shr_u(i32x4.shuffle(low, high, 0, 2, 4, 6), 1);
  return canonical(i32x4.add(quotient, remainder));
}

/** Four arbitrary u64 (two vectors) to canonical words: x = 2^32 h + l is congruent to 2h + l. */
// @ts-ignore: decorator
@inline
export function reduce(low: v128, high: v128): v128 {
  const l = i32x4.shuffle(low, high, 0, 2, 4, 6);
  const h = i32x4.shuffle(low, high, 1, 3, 5, 7);
  const mask = modulus();
  const main = canonical(i32x4.add(v128.and(l, mask), v128.and(i32x4.shl(h, 1), mask)));
  const carries = i32x4.add(i32x4.shr_u(l, 31), i32x4.shr_u(h, 30));
  return canonical(i32x4.add(main, carries));
}

/** x / 2: a rotation of 31 bits to the right. */
// @ts-ignore: decorator
@inline
export function halve(x: v128): v128 {
  const one = i32x4.splat(1);
  return v128.or(i32x4.shr_u(x, 1), i32x4.shl(v128.and(x, one), 30));
}

// @ts-ignore: decorator
@inline
function squareTimes(x: v128, n: i32): v128 {
  for (let k = 0; k < n; k++) x = mul(x, x);
  return x;
}

/** x^(P-2), with 37 products; 0 gives 0. */
export function inverse(x: v128): v128 {
  const t0 = mul(squareTimes(x, 2), x); // 5
  const t1 = mul(mul(t0, t0), t0); // 15
  const t2 = mul(squareTimes(t1, 3), t0); // 125
  const t3 = mul(mul(t2, t2), t0); // 255
  const t4 = mul(squareTimes(t3, 8), t3); // 2^16 - 1
  const t5 = mul(squareTimes(t4, 8), t3); // 2^24 - 1
  return mul(squareTimes(t5, 7), t2);
}

/** Transposes the 4 x 4 words at a, b, c, d into four consecutive vectors at `to`. */
// @ts-ignore: decorator
@inline
export function transpose(to: usize, a: usize, b: usize, c: usize, d: usize): void {
  const r0 = v128.load(a);
  const r1 = v128.load(b);
  const r2 = v128.load(c);
  const r3 = v128.load(d);
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(to, i32x4.shuffle(t0, t1, 0, 1, 4, 5));
  v128.store(to, i32x4.shuffle(t0, t1, 2, 3, 6, 7), 16);
  v128.store(to, i32x4.shuffle(t2, t3, 0, 1, 4, 5), 32);
  v128.store(to, i32x4.shuffle(t2, t3, 2, 3, 6, 7), 48);
}
