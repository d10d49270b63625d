/**
 * Expected size of a proof: the words of SPEC §5.1, with the expected number of distinct positions and of missing Merkle nodes.
 */
import { bitsOf } from "../system/types.ts";
import { power } from "./numbers.ts";
import type { Parameters, Shape } from "./types.ts";

const ELEMENT = 16;
const DIGEST = 32;
const WORD = 4;

/** Expected bytes of a proof, without the header. Exact but for coinciding query positions. */
export function estimateProofBytes(shape: Shape, parameters: Parameters): number {
  const { rowBits, blowup, folds, finalBits, queries } = parameters;
  const domainBits = rowBits + blowup;
  let bytes = messageBytes(shape, parameters) + ELEMENT * power(2, finalBits);
  for (const width of shape.widths) bytes += openingBytes(domainBits, queries, width * WORD);
  let bits = domainBits;
  for (const k of folds) {
    bytes += layerBytes(bits, k, queries);
    bits -= k;
  }
  return Math.ceil(bytes);
}

/** Roots, rounds, evaluations and nonces, without the folded layers and the final message. */
export function messageBytes(shape: Shape, parameters: Pick<Parameters, "rowBits" | "grinding">): number {
  const n = shape.lookupBits;
  const columnRounds = shape.widths.reduce((max, w) => Math.max(max, bitsOf(w)), 0);
  const openingRounds = columnRounds + bitsOf(shape.widths.length) + parameters.rowBits;
  const elements = n * (n - 1) + 4 * n + shape.constraintRounds * shape.constraintDegree + shape.claims + 2 * openingRounds;
  const { lookup, fold, query } = parameters.grinding;
  const nonces = (lookup > 0 ? 1 : 0) + (fold > 0 ? parameters.rowBits : 0) + (query > 0 ? 1 : 0);
  return DIGEST * (shape.widths.length - 1) + ELEMENT * elements + WORD * nonces;
}

/** A committed layer on 2^bits points that the next k rounds fold: its root, leaves of 2^k elements, and paths. */
export function layerBytes(bits: number, k: number, queries: number): number {
  return DIGEST + openingBytes(bits - k, queries, ELEMENT * power(2, k));
}

/** Distinct leaves of `leafBytes` among 2^bits, expected, and the digests missing to recompute the root. */
export function openingBytes(bits: number, queries: number, leafBytes: number): number {
  let digests = 0;
  for (let level = bits; level >= 1; level--) {
    // a node is missing if no query is below it, but one is below its sibling
    const share = power(0.5, level);
    digests += (power(1 - share, queries) - power(1 - 2 * share, queries)) / share;
  }
  const leaves = (1 - power(1 - power(0.5, bits), queries)) * power(2, bits);
  return leaves * leafBytes + digests * DIGEST;
}
