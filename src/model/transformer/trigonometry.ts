/** Sine, cosine and roots in fixed point: a BigInt v stands for v 2^-96, as in ops/fixed.ts. Errors stay below 2^-70 for angles up to 2^20. */

const BITS = 96n;
const ONE = 1n << BITS;
const PI = 248902613312231085230521944622n; // floor(pi 2^96)
export const TWO_PI = 2n * PI;

/** cos(x), x >= 0. */
export function cosine(x: bigint): bigint {
  return sine(x + PI / 2n);
}

/** sin(x), x >= 0: reduced to [0, pi/2], then its series. */
export function sine(x: bigint): bigint {
  const turn = x % TWO_PI;
  const half = turn % PI;
  const acute = half > PI / 2n ? PI - half : half;
  const square = product(acute, acute);
  let power = acute;
  let sum = acute;
  for (let n = 2n; power !== 0n && power !== -1n; n += 2n) {
    power = -product(power, square) / (n * (n + 1n));
    sum += power;
  }
  return turn >= PI ? -sum : sum;
}

/** The root of degree n of an integer v >= 1, rounded down: the largest r with r^n <= v 2^(96 n). */
export function root(v: number, n: number): bigint {
  const target = BigInt(v) << (BITS * BigInt(n));
  let low = ONE;
  let high = BigInt(v) << BITS;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** BigInt(n) <= target) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** x / y for y > 0. */
export function quotient(x: bigint, y: bigint): bigint {
  return (x << BITS) / y;
}

/** x y, rounded down. */
export function product(x: bigint, y: bigint): bigint {
  return (x * y) >> BITS;
}
