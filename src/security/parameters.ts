/**
 * Parameters for a target of proven bits: the smallest estimated proof over rows, rate, layers and queries. A search with no choice left open,
 * from sizes alone and with exact comparisons of IEEE doubles, so that everyone derives the same parameters and the same key.
 */
import { InternalError, ModelError } from "../errors.ts";
import { type ErrorTerm, errorTerms, proximities, soundness } from "./bits.ts";
import { log2, power } from "./numbers.ts";
import type { Proximity } from "./proximity.ts";
import { estimateProofBytes, layerBytes } from "./size.ts";
import type { Parameters, Regime, Shape } from "./types.ts";

/** Proven bits that a proof is made for unless told otherwise. */
export const DEFAULT_TARGET = 100;
const MIN_ROW_BITS = 4;
const MAX_DOMAIN_BITS = 26;
const MAX_BLOWUP = 4;
const MAX_GRINDING = 16;
const MAX_QUERIES = 1024;
/** Encoded words, of all proofs together, that a blow-up above 2 may lead to: 2^26 words are 2^23 permutations to hash. */
const MAX_ENCODED = power(2, 26);
/** Doubling the codewords must make the proof this much smaller to be worth the prover's time. */
const WORTHWHILE = 0.9;
/** Part of the error left over that look-up and fold challenges may use before they are ground. */
const GRINDING_SHARE = 1 / 8;

interface Candidate {
  readonly parameters: readonly Parameters[];
  readonly bytes: number;
}

/** The most bits that could be had, and the error that stands in the way. */
interface Shortfall {
  readonly bits: number;
  readonly worst: ErrorTerm;
}

/** @returns W of a commitment of `cells` cells in 2^rowBits rows (SPEC §8.1). */
export function widthOf(cells: number, rowBits: number): number {
  return Math.max(8, Math.ceil(cells / power(2, rowBits) / 8) * 8);
}

/** What the parameters of a proof are chosen from. */
export interface Sizes {
  /** The sizes of the proof without its commitments. */
  readonly shape: Omit<Shape, "widths">;
  /** Committed cells of every commitment, in order. */
  readonly cells: readonly number[];
}

/**
 * @param target bits to reach, over all error sources
 * @throws ModelError naming the error source that stands in the way
 */
export function chooseParameters(
  shape: Sizes["shape"],
  cells: Sizes["cells"],
  target = DEFAULT_TARGET,
  regime: Regime = "unique-decoding",
): Parameters {
  const [parameters] = chooseTogether([{ shape, cells }], target, regime);
  if (!parameters) throw new InternalError("no parameters");
  return parameters;
}

/**
 * Parameters of several proofs that share the rows and the rate, so that a commitment of one is a commitment of the other; the smallest ones together.
 * @param target bits to reach in each of them
 * @throws ModelError naming the error source that stands in the way
 */
export function chooseTogether(all: readonly Sizes[], target: number, regime: Regime): Parameters[] {
  let best: Candidate | null = null;
  let nearest: Shortfall | null = null;
  const total = sum(all.map(({ cells }) => sum(cells)));
  for (let blowup = 1; blowup <= MAX_BLOWUP; blowup++) {
    if (blowup > 1 && total * power(2, blowup) > MAX_ENCODED) break;
    let smallest: Candidate | null = null;
    for (let rowBits = MIN_ROW_BITS; rowBits + blowup <= MAX_DOMAIN_BITS; rowBits++) {
      const each = all.map((sizes) => smallestAt(sizes, rowBits, blowup, target, regime));
      const short = each.flatMap((e) => (e !== null && "worst" in e ? [e] : []));
      for (const s of short) if (nearest === null || s.bits > nearest.bits) nearest = s;
      const found = each.flatMap((e) => (e !== null && "bytes" in e ? [e] : []));
      if (found.length < all.length) continue;
      const bytes = sum(found.map((f) => f.bytes));
      if (smallest === null || bytes < smallest.bytes) smallest = { parameters: found.flatMap((f) => f.parameters), bytes };
    }
    if (smallest !== null && (best === null || smallest.bytes < WORTHWHILE * best.bytes)) best = smallest;
  }
  if (best === null) {
    const reason =
      nearest === null
        ? "no radius exceeds unique decoding's"
        : `at most ${nearest.bits.toFixed(1)} are left by "${nearest.worst.name}": ${nearest.worst.formula}`;
    throw new ModelError(`Cannot reach ${target} proven bits in the ${regime} regime: ${reason}`);
  }
  return [...best.parameters];
}

/** The smallest proof with these rows and this rate; or what stands in the way; null if the regime promises nothing. */
function smallestAt(
  { shape, cells }: Sizes,
  rowBits: number,
  blowup: number,
  target: number,
  regime: Regime,
): Candidate | Shortfall | null {
  let smallest: Candidate | null = null;
  let nearest: Shortfall | null = null;
  const full: Shape = { ...shape, widths: cells.map((n) => widthOf(n, rowBits)) };
  for (const proximity of proximities(regime, blowup)) {
    const budget = spend(full, blankParameters(regime, rowBits, blowup), proximity, target);
    if ("worst" in budget) {
      if (nearest === null || budget.bits > nearest.bits) nearest = budget;
      continue;
    }
    const parameters = withLayers(budget);
    const bytes = estimateProofBytes(full, parameters);
    if ((smallest === null || bytes < smallest.bytes) && soundness(full, parameters).bits >= target)
      smallest = { parameters: [parameters], bytes };
  }
  return smallest ?? nearest;
}

function sum(list: readonly number[]): number {
  return list.reduce((n, x) => n + x, 0);
}

/** All rounds fold in one layer, no proof of work: the errors of this bound those of any layers. */
function blankParameters(regime: Regime, rowBits: number, blowup: number): Parameters {
  return { regime, rowBits, blowup, folds: [rowBits], finalBits: 0, queries: 1, grinding: { lookup: 0, fold: 0, query: MAX_GRINDING } };
}

/** Chooses proof of work, then the number of queries; or says which error is too large. */
function spend(shape: Shape, blank: Parameters, proximity: Proximity, target: number): Parameters | Shortfall {
  const allowed = power(0.5, Math.ceil(target));
  const terms = errorTerms(shape, blank, proximity);
  const probability = (name: string): number => terms.find((t) => t.name === name)?.probability ?? 0;
  const lookup = probability("look-up fingerprint");
  const folds = probability("folds") + probability("column batching") + probability("commitment batching");
  const ground = ["look-up fingerprint", "folds", "column batching", "commitment batching", "queries"];
  const fixed = terms.reduce((sum, t) => (ground.includes(t.name) ? sum : sum + t.probability), 0);
  const most = power(2, MAX_GRINDING);
  const leftAtMost = allowed - fixed - lookup / most - folds / most;
  if (leftAtMost <= 0) {
    const reduced = terms.map((t) =>
      t.name === "queries" ? { ...t, probability: 0 } : ground.includes(t.name) ? { ...t, probability: t.probability / most } : t,
    );
    const worst = reduced.reduce((a, b) => (b.probability > a.probability ? b : a));
    return { bits: -log2(reduced.reduce((sum, t) => sum + t.probability, 0)), worst };
  }
  const share = (allowed - fixed) * GRINDING_SHARE;
  const grinding = { lookup: grindingFor(lookup, share), fold: grindingFor(folds, share), query: MAX_GRINDING };
  const left = allowed - fixed - lookup / power(2, grinding.lookup) - folds / power(2, grinding.fold);
  const miss = errorTerms(shape, { ...blank, grinding }, proximity).find((t) => t.name === "queries");
  const first = miss?.probability ?? 1;
  const factor = first * most;
  let queries = 1;
  for (let p = first; p > left; p *= factor) {
    queries++;
    if (queries > MAX_QUERIES) return { bits: -log2(p), worst: miss ?? { name: "queries", probability: 1, formula: "" } };
  }
  return { ...blank, grinding, queries };
}

/** The fewest bits of work that bring `probability` below `share`, or all there are. */
function grindingFor(probability: number, share: number): number {
  let bits = 0;
  while (bits < MAX_GRINDING && probability / power(2, bits) > share) bits++;
  return bits;
}

/** The layers and final message with the fewest bytes: dynamic programming over the message bits that are left. */
function withLayers(parameters: Parameters): Parameters {
  const { rowBits, blowup, queries } = parameters;
  const best: { bytes: number; folds: readonly number[]; finalBits: number }[] = [];
  for (let bits = 0; bits <= rowBits; bits++) {
    let choice: (typeof best)[number] = { bytes: 16 * power(2, bits), folds: [], finalBits: bits };
    for (let k = 2; k <= Math.min(4, bits); k++) {
      const rest = best[bits - k]!;
      const bytes = layerBytes(bits + blowup, k, queries) + rest.bytes;
      if (bytes < choice.bytes) choice = { bytes, folds: [k, ...rest.folds], finalBits: rest.finalBits };
    }
    best.push(choice);
  }
  const { folds, finalBits } = best[rowBits]!;
  return { ...parameters, folds, finalBits };
}
