/**
 * A quantized transformer: integers and the scales they stand on. Equal layers share every shift, so that one constraint covers all of them; where a layer's
 * values are smaller than another's, its scale is finer (`valueExponents`, `upExponents`) and the next weights undo that.
 *
 * Norms have no gains, biases or means of their own: those are in the weights that follow, and a stream that is to have the mean 0 is written so (quantize.ts).
 */
import { InternalError } from "../../errors.ts";
import type { TransformerConfig } from "./model.ts";

/** Which ends of a model a group of its layers has: the embedding, the head. */
export interface Part {
  readonly first: boolean;
  readonly last: boolean;
}

/** `part` is that of a segment (segment.ts), absent for a whole model. */
export interface ProgramConfig extends TransformerConfig {
  readonly part?: Part;
}

/** y = round((W x + b) / 2^shift), one matrix for every layer: weight is [layers, outputs, inputs]. */
export interface IntegerMatrix {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: Int32Array;
  /** [layers, outputs]. */
  readonly bias?: Int32Array;
  readonly shift: number;
}

/**
 * What is added to a part's sums where norms come after: the stream as normalised before that part, gain_c y_c + sum_k mean_k y_k. Both are [layers, width], on the
 * scale of the part's sums.
 */
export interface Skip {
  readonly gain: Int32Array;
  readonly mean: Int32Array;
}

/** Whether a mean is lost, so that the sum is there at all. */
export function hasMean({ mean }: Skip): boolean {
  return mean.some((v) => v !== 0);
}

/** The norm of every head's queries, or keys. */
export interface HeadNorm {
  /** [layers, headWidth]: times the turn's cosine and sine. */
  readonly gain: Int32Array;
  /** [layers, heads]: added to the sum of squares. */
  readonly epsilon: Int32Array;
  /** Of the turned sums. */
  readonly shift: number;
}

/** What the mean of an encoder adds up: h = round((gain y + bias) / 2^shift), which stands for h 2^-exponent. Both are [width]. */
export interface FinalValues {
  readonly gain: Int32Array;
  readonly bias: Int32Array;
  readonly shift: number;
  readonly exponent: number;
}

/** Bits and exponents; an integer v stands for v 2^-exponent. */
export interface TransformerScales {
  /** By site, never larger than at the site before: the stream grows, and is then counted in coarser steps. */
  readonly residualExponents: readonly number[];
  /** The residual stream is in [-2^(bits-1), 2^(bits-1)). */
  readonly residualBits: number;
  /** Channel c of the stream stands for 2^channelShifts_c times as much as the others: where outliers would leave too few bits to the rest. Integers from 0. */
  readonly channelShifts: readonly number[];
  /** Of normalised values, and their signed bits. */
  readonly normExponent: number;
  readonly normBits: number;
  /** rho: reciprocal roots have this many fractional bits. */
  readonly rootShift: number;
  /** f: exp takes multiples of 2^-f, which are floor(difference / 2^scoreShift). */
  readonly expExponent: number;
  readonly scoreShift: number;
  /** The largest query or key, as an absolute value. */
  readonly queryLimit: number;
  /** The largest score, as an absolute value; hidden ones too. */
  readonly scoreLimit: number;
  /** E: exp's values are round(2^E e^-t). */
  readonly expBits: number;
  /** By layer, and channel of the key heads or hidden channel. */
  readonly valueExponents: readonly (readonly number[])[];
  readonly upExponents: readonly (readonly number[])[];
  readonly gateExponent: number;
  /** Gates are in [-2^(bits-1), gateHigh]. */
  readonly gateBits: number;
  readonly gateHigh: number;
  /** Of activated gates. */
  readonly activatedExponent: number;
  /** Product of activated gate and up, before and after rounding: exponent loses this much. */
  readonly gatedShift: number;
  /** Signed bits of values, up, and what down reads; the first and the last are even, in two limbs of half. */
  readonly valueBits: number;
  readonly upBits: number;
  readonly feedBits: number;
  /** Sums of squares of a position's mixed values, and of what down reads, are below 2^this. */
  readonly mixedSquareBits: number;
  readonly feedSquareBits: number;
  /** Largest magnitudes of queries and keys before their norm, by layer and head; empty without such norms. */
  readonly queryMagnitudes: readonly (readonly number[])[];
  readonly keyMagnitudes: readonly (readonly number[])[];
  /** Of an encoder's final values; 0 for a decoder. */
  readonly finalExponent: number;
}

export interface TransformerProgram {
  readonly name: string;
  readonly config: ProgramConfig;
  readonly scales: TransformerScales;
  /** [vocabulary, width], on the scale of site 0. Empty for a segment that is not the first. */
  readonly embedding: Int32Array;
  /** [context, width], likewise. */
  readonly positionEmbedding?: Int32Array;
  readonly query: IntegerMatrix;
  readonly key: IntegerMatrix;
  readonly value: IntegerMatrix;
  readonly output: IntegerMatrix;
  readonly gate: IntegerMatrix;
  readonly up?: IntegerMatrix;
  readonly down: IntegerMatrix;
  /** If the config has `queryKeyNorm`. */
  readonly headNorms?: { readonly query: HeadNorm; readonly key: HeadNorm };
  /** If norms come after. */
  readonly skips?: { readonly output: Skip; readonly down: Skip };
  /** [vocabulary, width]; logits are its exact products, without a shift. Empty for an encoder, and for a segment that is not the last. */
  readonly head: Int32Array;
  /** [vocabulary]: added to the logits. */
  readonly headBias?: Int32Array;
  /** Logits stand for v 2^-headExponent. */
  readonly headExponent: number;
  /** Of an encoder. */
  readonly final?: FinalValues;
  /** By site: added to the sum of squares. */
  readonly epsilons: Int32Array;
  /** By layer: how much the state before a part counts in the part's sums, where steps become coarser; 2^shift in every layer if absent. */
  readonly streamFactors?: { readonly output: Int32Array; readonly down: Int32Array };
  /** [width], 4^channelShifts: weights of the sum of squares. Absent where all are 1. */
  readonly channelSquares?: Int32Array;
}

/** Bits of a rotation's cosines and sines. */
export const ROTATION_BITS = 14;
/** The residual's low limb, and the low limb of a sum of squares. */
export const LOW_BITS = 10;
/** Signed bits of an encoder's final values. */
export const FINAL_BITS = 16;

/** The most that the epsilon of a site can be. */
export const MOST_EPSILON = 2 ** 31 - 1;

/** Logits are below 2 to this, as absolute values. */
export const LOGIT_BITS = 27;

/** The weights of a sum of squares, added up. */
export function squareWeights(
  { width }: Pick<TransformerConfig, "width">,
  { channelShifts }: Pick<TransformerScales, "channelShifts">,
): number {
  return channelShifts.reduce((sum, k) => sum + 4 ** k - 1, width);
}

/** Bits of a root's high limb: the root of the largest sum of squares, sqrt(weights) 2^(residual bits - 1), above its low limb. */
export function rootHighBits(
  config: Pick<TransformerConfig, "width">,
  scales: Pick<TransformerScales, "residualBits" | "channelShifts">,
): number {
  let bits = 1;
  while (4 ** bits < squareWeights(config, scales) * 4 ** (scales.residualBits - 1 - LOW_BITS)) bits++;
  return bits;
}

/** A reciprocal root is below 2 to this: its product with a root's high limb stays below 2^30. */
export function reciprocalBits(
  config: Pick<TransformerConfig, "width">,
  scales: Pick<TransformerScales, "residualBits" | "channelShifts">,
): number {
  return Math.min(17, 30 - rootHighBits(config, scales));
}

/** Limbs of what is added to sums of squares, by site; a column of the system where it is not the same at all sites. */
export function epsilonLimbs({
  epsilons,
}: TransformerProgram): Readonly<Record<"low" | "high", { readonly values: Int32Array; readonly isCommon: boolean }>> {
  const limb = (of: (e: number) => number) => {
    const values = epsilons.map(of);
    return { values, isCommon: values.every((v) => v === values[0]) };
  };
  return { low: limb((e) => e % 2 ** LOW_BITS), high: limb((e) => Math.floor(e / 2 ** LOW_BITS)) };
}

/**
 * The largest Euclidean length of a row of normalised values, channels weighted by 4^channelShifts: |y| <= |x| R / 2^rho + 1/2 with R <= K / N and
 * |x| < N + 1 makes it at most (K / 2^rho) (1 + 1/N) + sqrt(weights) / 2, and N > K / 2^(bits of R) (SPEC §12.3).
 */
export function normLength(config: Pick<TransformerConfig, "width">, scales: TransformerScales): number {
  const least = Math.max(1, Math.floor(rootNumerator(config, scales) / 2 ** reciprocalBits(config, scales)));
  return Math.ceil(Math.sqrt(config.width) * 2 ** scales.normExponent * (1 + 1 / least) + Math.sqrt(squareWeights(config, scales)) / 2) + 1;
}

/** The most that a query or key can be allowed: four times the largest score has to stay below p (lower-attention.ts, scores). */
export function mostQuery({ headWidth }: Pick<TransformerConfig, "headWidth">): number {
  return Math.floor(Math.sqrt((2 ** 31 - 2 ** 20) / (4 * headWidth)));
}

/** K = sqrt(width) 2^(normExponent + rho): a reciprocal root is floor(K / N). The square root is rounded down. */
export function rootNumerator({ width }: Pick<TransformerConfig, "width">, scales: TransformerScales): number {
  const square = BigInt(width) * 4n ** BigInt(scales.normExponent + scales.rootShift); // past 2^53
  let root = BigInt(Math.floor(Math.sqrt(Number(square))));
  while (root * root > square) root--;
  while ((root + 1n) * (root + 1n) <= square) root++;
  return Number(root);
}

/** floor(sqrt(v)) for an integer v below 2^53. */
export function integerRoot(v: number): number {
  let root = Math.floor(Math.sqrt(v));
  while (root * root > v) root--;
  while ((root + 1) * (root + 1) <= v) root++;
  return root;
}

/** Fractional bits of a head's normalised queries and keys. */
export const HEAD_NORM_EXPONENT = 10;
/** The root of a head's sum of squares is below 2 to this. */
export const HEAD_ROOT_BITS = 15;

/** The largest query or key before its norm, as an absolute value: the sum of a head's squares, epsilon included, stays below 2^30. */
export function mostFlat({ headWidth }: Pick<TransformerConfig, "headWidth">): number {
  return Math.floor(Math.sqrt((2 ** 30 - 2 ** 28) / headWidth));
}

/** The most that a head's epsilon can be. */
export const MOST_HEAD_EPSILON = 2 ** 27;

/** K = floor(sqrt(headWidth) 2^exponent): a head's normalised values are K x / N, at most K + 1 as absolute values. */
export function headNumerator({ headWidth }: Pick<TransformerConfig, "headWidth">): number {
  return integerRoot(headWidth * 4 ** HEAD_NORM_EXPONENT);
}

/** Signed bits of a head's normalised values. */
export function headNormBits(config: Pick<TransformerConfig, "headWidth">): number {
  return Math.ceil(Math.log2(headNumerator(config) + 2)) + 1;
}

/** The second projection of a gated feed-forward part. */
export function upOf({ name, up }: TransformerProgram): IntegerMatrix {
  if (!up) throw new InternalError(`${name} has no up projection`);
  return up;
}

/** The exponent of what the down projection reads, by layer and hidden channel: the gate's product with up, or the activated gate itself. */
export function feedExponent(
  config: Pick<TransformerConfig, "gated">,
  scales: Pick<TransformerScales, "activatedExponent" | "upExponents" | "gatedShift">,
): (layer: number, channel: number) => number {
  if (!config.gated) return () => scales.activatedExponent;
  return (l, f) => scales.activatedExponent + (scales.upExponents[l]?.[f] ?? 0) - scales.gatedShift;
}

/** Signed bits of values that are added up in limbs, bits of their low limbs, and of the sum of their squares. */
export interface SquareBits {
  readonly values: number;
  readonly low: number;
  readonly square: number;
}

/** Bits of the low limb of what down reads. */
export const FEED_LOW_BITS = 5;

export function mixedBits({ valueBits, mixedSquareBits }: TransformerScales): SquareBits {
  return { values: valueBits, low: valueBits / 2, square: mixedSquareBits };
}

export function feedLimbs({ feedBits, feedSquareBits }: TransformerScales): SquareBits {
  return { values: feedBits, low: FEED_LOW_BITS, square: feedSquareBits };
}

/** The largest Euclidean length of `count` low limbs, whatever they are. */
export function lowLength({ low }: SquareBits, count: number): number {
  return Math.ceil(Math.sqrt(count) * (2 ** low - 1));
}

/** That of their high limbs: times 2^low they are values, whose length is at most 2^(square / 2), less low limbs. */
export function highLength(bits: SquareBits, count: number): number {
  return Math.ceil((2 ** (bits.square / 2) + lowLength(bits, count)) / 2 ** bits.low);
}

/** The largest sum of products of both limbs, one after the other, with weights of Euclidean length 1. */
export function limbsLength(bits: SquareBits, count: number): number {
  return 2 ** bits.low * highLength(bits, count) + lowLength(bits, count);
}
