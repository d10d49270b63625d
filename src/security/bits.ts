/**
 * Proven soundness of a proof by error source (SPEC §5 to §8): every way in which a false statement passes, with a bound on its probability;
 * bits = -log2 of their sum. Bounds are per attempt of a prover that can hash: proof of work divides those that follow it.
 * Everything that draws a challenge after the commitments counts once per codeword in the list (1 in unique decoding).
 */
import { P } from "../field/m31.ts";
import { bitsOf } from "../system/types.ts";
import { log2, power } from "./numbers.ts";
import { FIELD_SIZE, johnson, johnsonRadius, type Proximity, uniqueDecoding, uniqueRadius } from "./proximity.ts";
import type { ErrorSource, Parameters, Shape } from "./types.ts";

/** Collision resistance of an 8-word digest and an 8-word capacity. */
export const HASH_BITS = 124;

/** Johnson multiplicities tried; the fold error grows with m^5, so larger ones never win. */
const MAX_MULTIPLICITY = 24;

/** An error source before its logarithm is taken. */
export interface ErrorTerm {
  readonly name: string;
  readonly probability: number;
  readonly formula: string;
}

export interface Soundness {
  /** The sum of all probabilities. */
  readonly error: number;
  /** -log2 of it. */
  readonly bits: number;
  readonly sources: readonly ErrorSource[];
}

/**
 * Bits of a proof with these sizes and parameters; in the Johnson regime at the best multiplicity, which is the analysis's choice alone.
 * @throws RangeError for parameters that contradict themselves or a Johnson radius that does not exceed unique decoding's
 */
export function soundness(shape: Shape, parameters: Parameters): Soundness {
  checkParameters(parameters);
  let best: Soundness | null = null;
  for (const proximity of proximities(parameters.regime, parameters.blowup)) {
    const terms = errorTerms(shape, parameters, proximity);
    const total = terms.reduce((sum, t) => sum + t.probability, 0);
    const bits = -log2(total);
    if (best === null || bits > best.bits) best = { error: total, bits, sources: terms.flatMap(toSource) };
  }
  if (best === null) {
    throw new RangeError(`Cannot use the Johnson regime at rate 2^-${parameters.blowup}: no radius exceeds unique decoding's`);
  }
  return best;
}

/** What a regime can promise at a rate, one entry a Johnson multiplicity. */
export function proximities(regime: Parameters["regime"], blowup: number): Proximity[] {
  if (regime === "unique-decoding") return [uniqueDecoding(blowup)];
  const rate = power(0.5, blowup);
  const out: Proximity[] = [];
  for (let m = 1; m <= MAX_MULTIPLICITY; m++) if (johnsonRadius(rate, m) > uniqueRadius(rate)) out.push(johnson(blowup, m));
  return out;
}

/** All sources under one proximity promise. Those with probability 0 are kept: the list's order is fixed. */
export function errorTerms(shape: Shape, parameters: Parameters, proximity: Proximity): ErrorTerm[] {
  return [...challengeTerms(shape, parameters, proximity.listSize), ...proximityTerms(shape, parameters, proximity)];
}

/** Errors of the random challenges: roots of polynomials over K. */
function challengeTerms(shape: Shape, parameters: Parameters, listSize: number): ErrorTerm[] {
  const root = listSize / FIELD_SIZE;
  const n = shape.lookupBits;
  const columnRounds = columnBits(shape.widths);
  const commitmentRounds = bitsOf(shape.widths.length);
  return [
    {
      // numerator over the common denominator: a non-zero polynomial of degree <= fractions * arity in (alpha, beta), t + beta c1 + .. has degree arity (Schwartz-Zippel; LogUp, eprint 2022/1530)
      name: "look-up fingerprint",
      probability: (shape.lookups * Math.max(1, shape.maxLookupArity) * root) / power(2, parameters.grinding.lookup),
      formula: "fractions * arity * list / (|K| 2^grinding)",
    },
    {
      // layer d: lambda 1 (d > 1), d-1 rounds of degree 3 with eq, mu 1; sum over d = 1..n (GKR for LogUp, eprint 2023/1284)
      name: "look-up layers",
      probability: ((3 * n * (n - 1)) / 2 + Math.max(0, n - 1) + n) * root,
      formula: "(3 n (n-1)/2 + (n-1) + n) * list / |K|",
    },
    {
      // a multilinear polynomial that is not zero vanishes at rho (Schwartz-Zippel)
      name: "constraint point",
      probability: shape.rhoBits * root,
      formula: "variables of rho * list / |K|",
    },
    {
      // a polynomial in gamma of degree constraints - 1
      name: "constraint batching",
      probability: Math.max(0, shape.constraintCount - 1) * root,
      formula: "(constraints - 1) * list / |K|",
    },
    {
      // two different polynomials of this degree meet at r, each round
      name: "constraint sumcheck",
      probability: shape.constraintDegree * shape.constraintRounds * root,
      formula: "degree * rounds * list / |K|",
    },
    {
      // a polynomial in delta of degree claims - 1
      name: "claim batching",
      probability: Math.max(0, shape.claims - 1) * root,
      formula: "(claims - 1) * list / |K|",
    },
    {
      // degree 2 in the column, commitment and row rounds
      name: "opening sumcheck",
      probability: 2 * (columnRounds + commitmentRounds + parameters.rowBits) * root,
      formula: "2 (column + commitment + row rounds) * list / |K|",
    },
  ];
}

/** Errors of the commitment: combinations that are nearer to the code than their parts, queries that miss, collisions. */
function proximityTerms(shape: Shape, parameters: Parameters, proximity: Proximity): ErrorTerm[] {
  const { rowBits, blowup, folds, grinding, queries } = parameters;
  const full = power(2, rowBits + blowup);
  const gap = proximity.gapError(full);
  const foldRounds = folds.reduce((sum, k) => sum + k, 0);
  let foldError = 0;
  for (let j = 0; j < foldRounds; j++) foldError += proximity.gapError(power(2, rowBits + blowup - j));
  // a position is a word mod 2^k of 2^31 - 1 words: no set of positions is likelier than uniform by more than 2^31/p
  const miss = ((1 - proximity.radius) * (P + 1)) / P;
  return [
    {
      // eq-batching binds one bit at a time: one pairwise combination a bit (BCHKS25 with Diamond-Gruen's tensor form)
      name: "column batching",
      probability: (shape.widths.reduce((sum, w) => sum + bitsOf(w), 0) * gap) / power(2, grinding.fold),
      formula: "sum of column bits * gap(2^(h+b)) / 2^grinding",
    },
    {
      name: "commitment batching",
      probability: (Math.max(0, shape.widths.length - 1) * gap) / power(2, grinding.fold),
      formula: "(commitments - 1) * gap(2^(h+b)) / 2^grinding",
    },
    {
      // round j folds a word on 2^(h+b-j) points (BCHKS25)
      name: "folds",
      probability: foldError / power(2, grinding.fold),
      formula: "sum over folds of gap(2^(h+b-j)) / 2^grinding",
    },
    {
      // no query hits the fraction gamma of positions that differ
      name: "queries",
      probability: power(miss, queries) / power(2, grinding.query),
      formula: `(1 - ${proximity.radius.toFixed(4)})^queries / 2^grinding (${proximity.name})`,
    },
    { name: "hash collisions", probability: power(0.5, HASH_BITS), formula: `2^-${HASH_BITS}` },
  ];
}

/** A: column rounds, those of the widest commitment. */
function columnBits(widths: readonly number[]): number {
  return widths.reduce((max, w) => Math.max(max, bitsOf(w)), 0);
}

/** A source that cannot fail has no bits to report. */
function toSource(term: ErrorTerm): ErrorSource[] {
  return term.probability > 0 ? [{ name: term.name, bits: -log2(term.probability), formula: term.formula }] : [];
}

/** @throws RangeError naming the first parameter that is out of range or contradicts another */
export function checkParameters(parameters: Parameters): void {
  const { rowBits, blowup, folds, finalBits, queries, grinding } = parameters;
  const integer = (name: string, value: number, low: number, high: number): void => {
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(`Cannot use ${name} ${value}: want an integer in [${low}, ${high}]`);
    }
  };
  if (parameters.regime !== "unique-decoding" && parameters.regime !== "johnson") {
    throw new RangeError(`Cannot use regime ${String(parameters.regime)}: want unique-decoding or johnson`);
  }
  integer("rowBits", rowBits, 0, 28);
  integer("blowup", blowup, 1, 29 - rowBits);
  integer("finalBits", finalBits, 0, rowBits);
  integer("queries", queries, 1, 4096);
  for (const k of folds) integer("fold", k, 1, 16);
  integer("look-up grinding", grinding.lookup, 0, 24);
  integer("fold grinding", grinding.fold, 0, 24);
  integer("query grinding", grinding.query, 0, 24);
  const total = folds.reduce((sum, k) => sum + k, finalBits);
  if (total !== rowBits)
    throw new RangeError(`Cannot use folds [${folds.join(", ")}] and finalBits ${finalBits}: their sum is ${total}, rowBits ${rowBits}`);
}
