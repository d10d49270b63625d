/**
 * Real functions in fixed point: a BigInt v stands for v 2^-96. Integer arithmetic alone, so that every runtime gets the same table and the same model id;
 * errors stay below 2^-80, far under the rounding of any table.
 */

const BITS = 96n;
const ONE = 1n << BITS;
const LN2 = 54916777467707473351141471128n; // floor(ln(2) 2^96)
const HALF_SQRT2 = 56022770974786139918731938227n; // floor(2^96 / sqrt(2))
const TWO_BY_SQRT_PI = 89399408028353504598410466558n; // floor(2^96 * 2 / sqrt(pi))
const SQRT_TWO_BY_PI = 63214927650911841617241039488n; // floor(2^96 * sqrt(2 / pi))
const CUBE = 3542687286825329855495317739n; // floor(2^96 * 0.044715)

/** The fixed-point number of an integer q 2^-exponent. */
export function fixed(q: number, exponent: number): bigint {
  return shift(BigInt(q), BITS - BigInt(exponent));
}

/** round(v 2^exponent), half up. */
export function roundFixed(v: bigint, exponent: number): number {
  return Number(shift((v << 1n) + shift(ONE, BigInt(-exponent)), BigInt(exponent) - BITS - 1n));
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: bigint): bigint {
  const e = expNegative(x < 0n ? x : -x);
  return quotient(x < 0n ? e : ONE, ONE + e);
}

/** (e^2x - 1) / (e^2x + 1). */
export function tanh(x: bigint): bigint {
  const e = expNegative(-2n * (x < 0n ? -x : x));
  const t = quotient(ONE - e, ONE + e);
  return x < 0n ? -t : t;
}

/** x sigmoid(x). */
export function silu(x: bigint): bigint {
  return product(x, sigmoid(x));
}

/** x (1 + erf(x / sqrt 2)) / 2. */
export function gelu(x: bigint): bigint {
  return product(x, (ONE + erf(product(x, HALF_SQRT2))) >> 1n);
}

/** x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2. */
export function geluTanh(x: bigint): bigint {
  const inner = x + product(CUBE, product(x, product(x, x)));
  return product(x, (ONE + tanh(product(SQRT_TWO_BY_PI, inner))) >> 1n);
}

/** e^x for x <= 0: 2^-k e^f with f in (-ln 2, 0]. */
export function expNegative(x: bigint): bigint {
  const k = -x / LN2;
  if (k > BITS) return 0n;
  const f = x + k * LN2;
  let sum = ONE;
  let power = ONE;
  for (let n = 1n; power !== 0n && power !== -1n; n++) {
    power = product(power, f) / n;
    sum += power;
  }
  return sum >> k;
}

/** erf(x) = 2/sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (1 3 .. (2n+1)), whose terms are all of one sign. */
function erf(x: bigint): bigint {
  const a = x < 0n ? -x : x;
  let result = ONE;
  if (a < 8n * ONE) {
    const square = product(a, a);
    let power = a;
    let sum = a;
    for (let n = 1n; power !== 0n; n++) {
      power = (2n * product(power, square)) / (2n * n + 1n);
      sum += power;
    }
    result = product(product(TWO_BY_SQRT_PI, expNegative(-square)), sum);
  }
  return x < 0n ? -result : result;
}

function product(x: bigint, y: bigint): bigint {
  return (x * y) >> BITS;
}

function quotient(x: bigint, y: bigint): bigint {
  return (x << BITS) / y;
}

function shift(v: bigint, by: bigint): bigint {
  return by >= 0n ? v << by : v >> -by;
}
