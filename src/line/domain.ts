/**
 * The evaluation domains of the line code (SPEC §3.1): D(n)[i] = x((2^(29-n) + i 2^(31-n)) G), i < 2^n, natural order. The second half is minus
 * the first, and pi maps D(n)[i] to D(n-1)[i mod 2^(n-1)].
 */
import { InternalError } from "../errors.ts";
import { inv, mul, neg } from "../field/m31.ts";
import { add, CIRCLE_BITS, pointAt } from "./circle.ts";

/** Largest n of a domain D(n). */
export const MAX_DOMAIN_BITS = CIRCLE_BITS - 2;

/** D(n)[i], without the table; 0 <= n <= 29, 0 <= i < 2^n. */
export function xAt(n: number, i: number): number {
  check(n);
  if (!(i >= 0 && i < 2 ** n)) throw new InternalError(`Index ${i} in the domain of 2^${n} points`);
  return pointAt(2 ** (MAX_DOMAIN_BITS - n) + i * 2 ** (CIRCLE_BITS - n)).x;
}

const domains = new Map<number, Uint32Array>();
const twiddles = new Map<number, Uint32Array>();

/** All of D(n): 2^n words, kept for later calls, not to be changed. */
export function domain(n: number): Uint32Array {
  check(n);
  let xs = domains.get(n);
  if (xs === undefined) {
    xs = compute(n);
    domains.set(n, xs);
  }
  return xs;
}

function compute(n: number): Uint32Array {
  if (n === 0) return Uint32Array.of(xAt(0, 0));
  const half = 2 ** (n - 1);
  const xs = new Uint32Array(2 * half);
  const step = pointAt(2 ** (CIRCLE_BITS - n));
  let point = pointAt(2 ** (MAX_DOMAIN_BITS - n));
  for (let i = 0; i < half; i++) {
    xs[i] = point.x;
    xs[half + i] = neg(point.x);
    point = add(point, step);
  }
  return xs;
}

/** 1 / D(n)[i] for i < 2^(n-1), n >= 1; kept for later calls, not to be changed. */
export function inverseTwiddles(n: number): Uint32Array {
  let inverses = twiddles.get(n);
  if (inverses === undefined) {
    if (n < 1) throw new InternalError("The domain of one point has no twiddles");
    inverses = invertAll(domain(n).subarray(0, 2 ** (n - 1)));
    twiddles.set(n, inverses);
  }
  return inverses;
}

/** Inverses of non-zero words with one inversion. */
function invertAll(words: Uint32Array): Uint32Array {
  const out = new Uint32Array(words.length);
  let product = 1;
  for (let i = 0; i < words.length; i++) {
    out[i] = product;
    product = mul(product, words[i]!);
  }
  let inverse = inv(product);
  for (let i = words.length - 1; i >= 0; i--) {
    out[i] = mul(out[i]!, inverse);
    inverse = mul(inverse, words[i]!);
  }
  return out;
}

function check(n: number): void {
  if (!(n >= 0 && n <= MAX_DOMAIN_BITS)) throw new InternalError(`No domain of 2^${n} points`);
}
