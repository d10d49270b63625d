/**
 * The extension K = QM31 = CM31[u]/(u^2 - 2 - i) over CM31 = M31[i]/(i^2 + 1), |K| = p^4 (SPEC §1.2).
 * An element is the word quadruple [a, b, c, d] = a + b i + (c + d i) u, each word canonical.
 */
import * as m31 from "./m31.ts";

export type QM31 = readonly [number, number, number, number];

export const ZERO: QM31 = [0, 0, 0, 0];
export const ONE: QM31 = [1, 0, 0, 0];

/** The element of a base-field word in [0, P). */
export function fromBase(a: number): QM31 {
  return [a, 0, 0, 0];
}

/** The element of a signed integer. */
export function fromInteger(v: number): QM31 {
  return [m31.fromInteger(v), 0, 0, 0];
}

export function add(x: QM31, y: QM31): QM31 {
  return [m31.add(x[0], y[0]), m31.add(x[1], y[1]), m31.add(x[2], y[2]), m31.add(x[3], y[3])];
}

export function sub(x: QM31, y: QM31): QM31 {
  return [m31.sub(x[0], y[0]), m31.sub(x[1], y[1]), m31.sub(x[2], y[2]), m31.sub(x[3], y[3])];
}

export function neg(x: QM31): QM31 {
  return [m31.neg(x[0]), m31.neg(x[1]), m31.neg(x[2]), m31.neg(x[3])];
}

/**
 * x * y, schoolbook, one reduction a word: y is cut into 16 low and 15 high bits, so that all sums of products are exact in doubles (below 2^51).
 * With A = a + bi, ...: (A + Bu)(E + Gu) = (AE + (2+i) BG) + (AG + BE) u.
 */
export function mul(x: QM31, y: QM31): QM31 {
  const a = x[0];
  const b = x[1];
  const c = x[2];
  const d = x[3];
  const e0 = y[0] & 0xffff;
  const f0 = y[1] & 0xffff;
  const g0 = y[2] & 0xffff;
  const h0 = y[3] & 0xffff;
  const e1 = y[0] >>> 16;
  const f1 = y[1] >>> 16;
  const g1 = y[2] >>> 16;
  const h1 = y[3] >>> 16;
  const low0 = c * g0 - d * h0;
  const low1 = c * h0 + d * g0;
  const high0 = c * g1 - d * h1;
  const high1 = c * h1 + d * g1;
  return [
    join(a * e0 - b * f0 + 2 * low0 - low1, a * e1 - b * f1 + 2 * high0 - high1),
    join(a * f0 + b * e0 + low0 + 2 * low1, a * f1 + b * e1 + high0 + 2 * high1),
    join(a * g0 - b * h0 + c * e0 - d * f0, a * g1 - b * h1 + c * e1 - d * f1),
    join(a * h0 + b * g0 + c * f0 + d * e0, a * h1 + b * g1 + c * f1 + d * e1),
  ];
}

/** low + 2^16 high modulo p, for |low| < 2^51, |high| < 2^50: 2^31 counts 1. */
function join(low: number, high: number): number {
  const over = Math.floor(high * TWO_POWER_MINUS_31);
  const total = low + 0x10000 * (high - over * 0x80000000 + over);
  const quotient = Math.floor(total * TWO_POWER_MINUS_31);
  const word = total - quotient * 0x80000000 + quotient;
  return word < 0 ? word + m31.P : word >= m31.P ? word - m31.P : word;
}

const TWO_POWER_MINUS_31 = 2 ** -31;

/** x * s for a base-field word s. */
export function scale(x: QM31, s: number): QM31 {
  return [m31.mul(x[0], s), m31.mul(x[1], s), m31.mul(x[2], s), m31.mul(x[3], s)];
}

/** 1 / x for x != 0. @throws RangeError for 0 */
export function inv(x: QM31): QM31 {
  const [aa0, aa1] = cmul(x[0], x[1], x[0], x[1]);
  const [bb0, bb1] = cmul(x[2], x[3], x[2], x[3]);
  const d0 = m31.sub(aa0, m31.sub(m31.add(bb0, bb0), bb1)); // A^2 - (2+i) B^2
  const d1 = m31.sub(aa1, m31.add(bb0, m31.add(bb1, bb1)));
  const norm = m31.inv(m31.add(m31.mul(d0, d0), m31.mul(d1, d1)));
  const i0 = m31.mul(d0, norm);
  const i1 = m31.neg(m31.mul(d1, norm));
  const [a0, a1] = cmul(x[0], x[1], i0, i1);
  const [b0, b1] = cmul(x[2], x[3], i0, i1);
  return [a0, a1, m31.neg(b0), m31.neg(b1)];
}

/** x^e for an integer e >= 0. */
export function pow(x: QM31, e: number): QM31 {
  let result = ONE;
  let base = x;
  for (let k = e; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = mul(result, base);
    base = mul(base, base);
  }
  return result;
}

export function equals(x: QM31, y: QM31): boolean {
  return x[0] === y[0] && x[1] === y[1] && x[2] === y[2] && x[3] === y[3];
}

export function isZero(x: QM31): boolean {
  return x[0] === 0 && x[1] === 0 && x[2] === 0 && x[3] === 0;
}

/** The sum of a list. */
export function sum(list: Iterable<QM31>): QM31 {
  let total = ZERO;
  for (const x of list) total = add(total, x);
  return total;
}

/** [1, x, x^2, ...], `count` of them. */
export function powers(x: QM31, count: number): QM31[] {
  const out: QM31[] = [];
  let power = ONE;
  for (let k = 0; k < count; k++) {
    out.push(power);
    power = mul(power, x);
  }
  return out;
}

/** (a + b i)(c + d i) in CM31 with three products. */
function cmul(a: number, b: number, c: number, d: number): [number, number] {
  const ac = m31.mul(a, c);
  const bd = m31.mul(b, d);
  const s = m31.mul(m31.add(a, b), m31.add(c, d));
  return [m31.sub(ac, bd), m31.sub(m31.sub(s, ac), bd)];
}
