/**
 * Proximity gaps of Reed-Solomon codes: how near a committed word is known to be to a codeword, and with which error a random combination
 * of words is nearer than its parts. Proven bounds only (BCHKS25, eprint 2025/2055, in the form of ethereum/soundcalc `proxgaps`).
 * n = domain size, rho = rate, |K| = p^4.
 */
import { P } from "../field/m31.ts";
import { log2, power } from "./numbers.ts";

/** |K| = p^4 as a double. */
export const FIELD_SIZE = P * P * P * P;

/** Half the distance, (1 - rho)/2: within it there is one codeword at most. */
export function uniqueRadius(rate: number): number {
  return (1 - rate) / 2;
}

/** 1 - sqrt(rho) (1 + 1/(2m)), negative if m is too small for the rate. */
export function johnsonRadius(rate: number, multiplicity: number): number {
  return 1 - Math.sqrt(rate) * (1 + 1 / (2 * multiplicity));
}

/** Error of one fold or pairwise combination on `domain` points within half the distance: (gamma n + 1)/|K|. */
export function uniqueGapError(rate: number, domain: number): number {
  return (uniqueRadius(rate) * domain + 1) / FIELD_SIZE;
}

/** The same at the Johnson radius: [(2 (m+1/2)^5 + 3 (m+1/2) gamma rho) n / (3 rho^(3/2)) + (m+1/2)/sqrt(rho)] / |K|. Means nothing where the radius is negative. */
export function johnsonGapError(rate: number, multiplicity: number, domain: number): number {
  const half = multiplicity + 0.5;
  const slope = (2 * power(half, 5) + 3 * half * johnsonRadius(rate, multiplicity) * rate) / (3 * rate * Math.sqrt(rate));
  return (slope * domain + half / Math.sqrt(rate)) / FIELD_SIZE;
}

/** What a regime promises at one rate. */
export interface Proximity {
  readonly name: string;
  /** gamma: a word farther than this from the code is caught by a query with probability gamma. */
  readonly radius: number;
  /** Codewords within the radius of any word, at most. */
  readonly listSize: number;
  /** Error of one fold or pairwise combination of words on `domain` points. */
  gapError(domain: number): number;
}

/** @param blowup log2 of 1/rate, an integer >= 1 */
export function uniqueDecoding(blowup: number): Proximity {
  const rate = rateOf(blowup);
  return { name: "unique decoding", radius: uniqueRadius(rate), listSize: 1, gapError: (domain) => uniqueGapError(rate, domain) };
}

/**
 * @param blowup log2 of 1/rate, an integer >= 1
 * @param multiplicity m >= 1: larger is a larger radius and a larger error
 * @throws RangeError if the radius does not exceed that of unique decoding: then it would only cost
 */
export function johnson(blowup: number, multiplicity: number): Proximity {
  const rate = rateOf(blowup);
  if (!Number.isInteger(multiplicity) || multiplicity < 1)
    throw new RangeError(`Cannot use multiplicity ${multiplicity}: want an integer >= 1`);
  const radius = johnsonRadius(rate, multiplicity);
  const unique = uniqueRadius(rate);
  if (radius <= unique) {
    throw new RangeError(
      `Johnson radius ${radius.toFixed(4)} at rate 1/${1 / rate}, m = ${multiplicity} does not exceed the unique decoding radius ${unique.toFixed(4)}`,
    );
  }
  return {
    name: `Johnson, m = ${multiplicity}`,
    radius,
    listSize: (multiplicity + 0.5) / Math.sqrt(rate),
    gapError: (domain) => johnsonGapError(rate, multiplicity, domain),
  };
}

/** -log2 of the probability that one query misses: -log2(1 - gamma). */
export function bitsPerQuery(radius: number): number {
  return -log2(1 - radius);
}

function rateOf(blowup: number): number {
  if (!Number.isInteger(blowup) || blowup < 1) throw new RangeError(`Cannot use blowup 2^${blowup}: want an integer exponent >= 1`);
  return power(0.5, blowup);
}
