/**
 * Logarithms and powers of doubles from +, -, *, / alone. IEEE 754 fixes their results, while `Math.log2` and `**` may differ in the last bit
 * between engines: chosen parameters are part of a verifying key and must not.
 */

const LN2 = Math.LN2;

/** log2 x for a finite x > 0, within 2^-48. @throws RangeError otherwise */
export function log2(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) throw new RangeError(`Cannot take the logarithm of ${x}`);
  let mantissa = x;
  let exponent = 0;
  for (; mantissa >= 2; mantissa /= 2) exponent++;
  for (; mantissa < 1; mantissa *= 2) exponent--;
  // ln m = 2 atanh((m-1)/(m+1)) with (m-1)/(m+1) in [0, 1/3)
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t;
  let sum = 0;
  for (let k = 41; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return exponent + (2 * t * sum) / LN2;
}

/** x^n for an integer n >= 0, by squaring. */
export function power(x: number, n: number): number {
  let result = 1;
  let base = x;
  for (let k = n; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result *= base;
    base *= base;
  }
  return result;
}
