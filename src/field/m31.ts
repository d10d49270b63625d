/**
 * The field M31 of integers modulo the Mersenne prime p = 2^31 - 1, on plain numbers (SPEC §1.1).
 * Every function takes and returns canonical values in [0, P); nothing is checked except where said.
 */

/** p = 2^31 - 1. */
export const P = 0x7fffffff;

/** a + b. */
export function add(a: number, b: number): number {
  const s = a + b;
  return s >= P ? s - P : s;
}

/** a - b. */
export function sub(a: number, b: number): number {
  return a >= b ? a - b : a - b + P;
}

/** -a. */
export function neg(a: number): number {
  return a === 0 ? 0 : P - a;
}

/**
 * a * b by 16-bit halves: floor(ab / 2^31) + (ab mod 2^31), which is congruent to ab and at most 2P. The middle sum and the result stay below
 * 2^32, so that 32-bit integers that wrap lose no bit.
 */
export function mul(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = (Math.imul(a0, b1) + Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const u = ((middle >>> 15) + (Math.imul(a1, b1) << 1) + (Math.imul(a, b) & P)) | 0;
  const r = (u & P) + (u >>> 31);
  return r === P ? 0 : r;
}

/** a^e for an integer e >= 0. */
export function pow(a: number, e: number): number {
  let result = 1;
  let base = a;
  for (let k = e; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = mul(result, base);
    base = mul(base, base);
  }
  return result;
}

/** 1 / a for a != 0 (Fermat). @throws RangeError for 0 */
export function inv(a: number): number {
  if (a === 0) throw new RangeError("Cannot invert 0 in M31");
  return pow(a, P - 2);
}

/** The field element of a signed integer, |v| <= 2^52. */
export function fromInteger(v: number): number {
  const r = v % P;
  return r < 0 ? r + P : r === 0 ? 0 : r;
}

/** The signed representative in [-(P-1)/2, (P-1)/2]. */
export function toInteger(a: number): number {
  return a > P >>> 1 ? a - P : a;
}

/** Whether a word is a canonical field element: p itself is not. */
export function isCanonical(word: number): boolean {
  return Number.isInteger(word) && word >= 0 && word < P;
}

/** 2^-k. */
export function halfPower(k: number): number {
  return pow(0x40000000, k); // 1/2 = 2^30
}
