/**
 * A quantized LLaMA decoder: integers and the scales they stand on. Equal layers share every shift, so that one constraint covers all of them; where a layer's
 * values are smaller than another's, its scale is finer (`valueExponents`, `upExponents`) and the next weights undo that.
 */
import type { LlamaConfig } from "./llama.ts";

/** y = round(W x / 2^shift), one matrix for every layer: weight is [layers, outputs, inputs]. */
export interface IntegerMatrix {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: Int32Array;
  readonly shift: number;
}

/** Bits and exponents; an integer v stands for v 2^-exponent. */
export interface TransformerScales {
  readonly residualExponent: number;
  /** The residual stream is in [-2^(bits-1), 2^(bits-1)). */
  readonly residualBits: number;
  /** Of normalised values, whose bound sqrt(width) 2^exponent follows from the norm. */
  readonly normExponent: number;
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
  /** By layer. */
  readonly valueExponents: readonly number[];
  readonly upExponents: readonly number[];
  readonly gateExponent: number;
  readonly gateBits: number;
  readonly siluExponent: number;
  /** Product of activated gate and up, before and after rounding: exponent loses this much. */
  readonly gatedShift: number;
  /** Signed bits of values (two limbs of half), up and gated. */
  readonly valueBits: number;
  readonly upBits: number;
  readonly gatedBits: number;
}

export interface TransformerProgram {
  readonly name: string;
  readonly config: LlamaConfig;
  readonly scales: TransformerScales;
  /** [vocabulary, width], on the residual's scale. */
  readonly embedding: Int32Array;
  readonly query: IntegerMatrix;
  readonly key: IntegerMatrix;
  readonly value: IntegerMatrix;
  readonly output: IntegerMatrix;
  readonly gate: IntegerMatrix;
  readonly up: IntegerMatrix;
  readonly down: IntegerMatrix;
  /** [vocabulary, width]; logits are its exact products, without a shift. */
  readonly head: Int32Array;
  /** Logits stand for v 2^-headExponent. */
  readonly headExponent: number;
  /** Added to the sum of squares. */
  readonly epsilon: number;
}

/** Bits of a rotation's cosines and sines. */
export const ROTATION_BITS = 14;
/** The residual's low limb, and the low limb of a sum of squares. */
export const LOW_BITS = 10;

/** Logits are below 2 to this, as absolute values. */
export const LOGIT_BITS = 27;
/** Bits of a root's high limb: the root of the largest sum of squares, sqrt(width) 2^(residual bits - 1), above its low limb. */
export function rootHighBits(config: LlamaConfig, scales: TransformerScales): number {
  let bits = 1;
  while (4 ** bits < config.width * 4 ** (scales.residualBits - 1 - LOW_BITS)) bits++;
  return bits;
}

/** A reciprocal root is below 2 to this. */
export const RECIPROCAL_BITS = 17;

/** Signed bits of a normalised value: |x| R <= K + R for every x of the row, so that it is at most about sqrt(width) 2^normExponent. */
export function normBits(config: LlamaConfig, scales: TransformerScales): number {
  let bits = 1;
  while (4 ** (bits - 1) < config.width * 4 ** scales.normExponent) bits++;
  return bits;
}

/** The most that a query or key can be allowed: four times the largest score has to stay below p (lower-attention.ts, scores). */
export function mostQuery(config: LlamaConfig): number {
  return Math.floor(Math.sqrt((2 ** 31 - 2 ** 20) / (4 * config.headWidth)));
}

/** K = sqrt(width) 2^(normExponent + rho): a reciprocal root is floor(K / N). The square root is rounded down. */
export function rootNumerator(config: LlamaConfig, scales: TransformerScales): number {
  const square = BigInt(config.width) * 4n ** BigInt(scales.normExponent + scales.rootShift); // past 2^53
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
