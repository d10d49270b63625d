/**
 * The scales of a transformer from runs of the float model: every value's largest magnitude, with as much again in reserve, four times for values and hidden values, decides its exponent. Exponents are
 * whole numbers, so a last-bit difference between runtimes' exp or cos does not reach them but at a boundary; a recipe stores the scales.
 */
import type { Transformer, TransformerConfig } from "./model.ts";
import { type Observed, observe, overAll, raised } from "./observed.ts";
import {
  FEED_LOW_BITS,
  FINAL_BITS,
  feedExponent,
  LOW_BITS,
  MOST_EPSILON,
  mostQuery,
  reciprocalBits,
  squareWeights,
  type TransformerScales,
} from "./program.ts";

/** Reserve over the largest value seen: texts that were not seen have larger ones, values and hidden values above all. */
const MARGIN = 2;
const INNER_MARGIN = 4;
/** The limit of queries and keys is a multiple of this, or the most that there can be. */
const QUERY_STEP = 128;
/** By how many bits steps of the residual stream become coarser from one site to the next, at most. */
const MOST_COARSER = 5;
/** Log2 of the least steps of the residual stream that a row's root mean square is to have. */
const STEPS = 7;
/** Fractional bits of reciprocal roots at least: more than a state's low limb has. */
const LEAST_ROOT_SHIFT = LOW_BITS + 1;
/** Signed bits of normalised values at most: their range is a table. */
const MOST_NORM_BITS = 15;
/** Weights of a sum of squares, added up: products of three limbs of 10 bits stay below p. */
const MOST_SQUARE_WEIGHTS = 2040;

/** Signed bits of values, exponents, and the largest score shift: see `TransformerScales`. */
export interface DecoderBits {
  readonly residual: number;
  readonly value: number;
  readonly up: number;
  /** Of what down reads; even, as those of values are. */
  readonly feed: number;
  readonly gate: number;
  /** Fractional bits of normalised values; as suits their largest magnitude if not given. */
  readonly normExponent?: number;
  readonly rootShift: number;
  readonly exp: number;
  readonly expExponent: number;
  readonly scoreShift: number;
}

/** A gated sum of more values leaves its weights too few bits beside 16 of each. */
const FEW_HIDDEN = 1024;

/**
 * Bits that suit most models: an accumulator's 30 bits are shared by activations and weights, and rounding costs least where both have about as many; what
 * down reads has the longest tails, and two bits more unless its sums are wide. Found on stories260K, ishmael, SmolLM2-135M and small random models.
 */
export function bitsFor({ gated, hidden }: Pick<TransformerConfig, "gated" | "hidden">): DecoderBits {
  return {
    residual: 18,
    value: 14,
    up: 14,
    feed: gated && hidden > FEW_HIDDEN ? 14 : 16,
    gate: 15,
    rootShift: 15,
    exp: 13,
    expExponent: 9,
    scoreShift: 15,
  };
}

/** Scales that fit all values on these texts, with a reserve. Each is read alone. */
export function calibrate(
  model: Transformer,
  texts: readonly (readonly number[])[],
  bits: DecoderBits = bitsFor(model.config),
): TransformerScales {
  return scalesOf(model.config, observe(model, texts), bits);
}

/** Scales of a run that was seen. */
export function scalesOf(config: TransformerConfig, seen: Observed, bits: DecoderBits): TransformerScales {
  const { layers, heads, keyHeads, headWidth } = config;
  const byLayer = <T>(make: (l: number) => T): T[] => Array.from({ length: layers }, (_, l) => make(l));
  // Outliers of the stream have shifts of their own, unless its normalised values are added to it again.
  const channelShifts = config.normPlace === "before" ? shiftsOf(seen.channels("state"), config) : seen.channels("state").map(() => 0);
  const scaled = (name: string) => overAll(seen.channels(name).map((m, c) => m / 2 ** (channelShifts[c] ?? 0)));
  const largest = Array.from({ length: 2 * layers + 1 }, (_, site) => scaled(`state ${site}`));
  const residualBits = residualBitsFor(largest, seen.shortest, bits.residual, channelShifts, config);
  const residualExponents = residualExponentsFor(residualBits, largest, config);
  const normLimit = MARGIN * scaled("normed");
  // A reciprocal root has to keep its bits for a row half as long as the shortest one seen.
  const shortest = seen.shortest.reduce(
    (least, length, site) => Math.min(least, length * 2 ** residualExponents[site]!),
    Number.POSITIVE_INFINITY,
  );
  const unit = Math.sqrt(config.width) / (shortest / 2);
  const mostReciprocal = Math.floor(Math.log2(2 ** reciprocalBits(config, { residualBits, channelShifts }) / unit));
  // Weights and normalised values balanced, as far as the table of their range is short and reciprocal roots fit.
  const balanced = Math.floor(Math.log2(2 ** 30 / config.width) / 2);
  const short = Math.floor(Math.log2(2 ** (MOST_NORM_BITS - 1) / normLimit));
  const normExponent = Math.max(1, Math.min(bits.normExponent ?? Math.min(balanced, short), mostReciprocal - LEAST_ROOT_SHIFT));
  const rootShift = Math.max(LEAST_ROOT_SHIFT, Math.min(bits.rootShift, mostReciprocal - normExponent));
  const magnitudes = (name: string, count: number) =>
    config.queryKeyNorm
      ? byLayer((l) => {
          const channels = seen.channels(`${name} ${l}`);
          return Array.from({ length: count }, (_, h) => coarse(MARGIN * overAll(channels.slice(h * headWidth, (h + 1) * headWidth))));
        })
      : [];
  const valueExponents = byLayer((l) => raised(seen.channels(`value ${l}`)).map((m) => exponentFor(bits.value, m, INNER_MARGIN)));
  const feed = feedScales(config, seen, bits);
  const members = heads / keyHeads;
  const mixedExponent = (l: number) => (i: number) =>
    valueExponents[l]![Math.floor(i / (members * headWidth)) * headWidth + (i % headWidth)]!;
  const fedExponent = feedExponent(config, feed);
  return {
    residualExponents,
    residualBits,
    channelShifts,
    normExponent,
    normBits: 1 + Math.ceil(Math.log2(normLimit * 2 ** normExponent)),
    rootShift,
    ...scoreScales(config, seen, bits),
    expBits: bits.exp,
    valueExponents,
    ...feed,
    valueBits: bits.value,
    upBits: bits.up,
    feedBits: bits.feed,
    mixedSquareBits: squareBits(
      bits.value / 2,
      byLayer((l) => longest(seen.rows(`mixed ${l}`), mixedExponent(l))),
    ),
    feedSquareBits: squareBits(
      FEED_LOW_BITS,
      byLayer((l) => longest(seen.rows(`feed ${l}`), (f) => fedExponent(l, f))),
    ),
    queryMagnitudes: magnitudes("query flat", heads),
    keyMagnitudes: magnitudes("key flat", keyHeads),
    finalExponent: config.output === "mean" ? exponentFor(FINAL_BITS, overAll(seen.channels("final"))) : 0,
  };
}

/** The largest exponent at which a magnitude and its reserve fit signed bits of a width. */
function exponentFor(width: number, magnitude: number, margin = MARGIN): number {
  const most = margin * magnitude;
  let exponent = 0;
  while (exponent < 30 && most * 2 ** (exponent + 1) < 2 ** (width - 1)) exponent++;
  while (exponent > -20 && most * 2 ** exponent >= 2 ** (width - 1)) exponent--;
  return exponent;
}

/** The largest sum of squares of rows, channel c times 2^exponent(c). */
function longest(rows: readonly Float32Array[], exponent: (c: number) => number): number {
  const scales = Float64Array.from(rows[0] ?? [], (_, c) => 2 ** exponent(c));
  return rows.reduce(
    (most, row) =>
      Math.max(
        most,
        row.reduce((sum, v, c) => sum + (v * scales[c]!) ** 2, 0),
      ),
    0,
  );
}

/** Bits of a sum of squares, with the reserve. */
function squareBits(low: number, sums: readonly number[]): number {
  return Math.max(2 * low + 1, Math.ceil(Math.log2(MARGIN ** 2 * overAll(sums))));
}

/** Queries and keys share a scale whose square, times the root of the head's width, is a power of two. */
function scoreScales(config: TransformerConfig, seen: Observed, bits: DecoderBits) {
  const { headWidth } = config;
  const most = MARGIN * Math.max(overAll(seen.channels("query")), overAll(seen.channels("key")));
  const finest = (mostQuery(config) / most) ** 2 * Math.sqrt(headWidth);
  let scoreShift = 1;
  while (scoreShift < bits.scoreShift && 2 ** (scoreShift + 1 + bits.expExponent) <= finest) scoreShift++;
  const scale = Math.sqrt(2 ** (scoreShift + bits.expExponent) / Math.sqrt(headWidth));
  // Coarse steps, so that a last-bit difference between runtimes does not reach the limits either.
  const queryLimit = Math.min(mostQuery(config), QUERY_STEP * Math.ceil((most * scale) / QUERY_STEP));
  let scoreLimit = 1;
  while (scoreLimit < MARGIN * seen.score * scale ** 2) scoreLimit *= 2;
  return { expExponent: bits.expExponent, scoreShift, queryLimit, scoreLimit: Math.min(headWidth * queryLimit ** 2, scoreLimit) };
}

function feedScales(config: TransformerConfig, seen: Observed, bits: DecoderBits) {
  const gates = overAll(seen.channels("gate"));
  const highest = overAll(seen.channels("gate above"));
  const gateExponent = exponentFor(bits.gate, gates);
  // never less than 1, where activations are about linear
  const gateHigh = Math.min(2 ** (bits.gate - 1) - 1, Math.ceil(MARGIN * Math.max(1, highest) * 2 ** gateExponent));
  if (!config.gated) {
    const activatedExponent = Math.min(gateExponent + 1, exponentFor(bits.feed, Math.max(1, highest)));
    return { gateExponent, gateBits: bits.gate, gateHigh, activatedExponent, gatedShift: 1, upExponents: [] as number[][] };
  }
  const activatedExponent = gateExponent - 1;
  // The product's shift is common to all layers and channels. Where it is less than a channel would have it, its up projection has coarser steps than its bits allow;
  // where it is more, what down reads has: the median costs least.
  const exponents = (width: number, name: string) =>
    Array.from({ length: config.layers }, (_, l) => raised(seen.channels(`${name} ${l}`)).map((m) => exponentFor(width, m, INNER_MARGIN)));
  const room = exponents(bits.feed, "feed");
  const wanted = exponents(bits.up, "up");
  const losses = wanted.flatMap((layer, l) => layer.map((e, f) => e - room[l]![f]!)).sort((x, y) => x - y);
  const gatedShift = Math.max(1, activatedExponent + (losses[losses.length >> 1] ?? 0));
  const upExponents = wanted.map((layer, l) => layer.map((e, f) => Math.min(e, room[l]![f]! + gatedShift - activatedExponent)));
  return { gateExponent, gateBits: bits.gate, gateHigh, activatedExponent, gatedShift, upExponents };
}

/** For every channel how many bits fewer than the others it has: outliers as many as their magnitude asks for, as far as the sum of squares allows. */
function shiftsOf(largest: readonly number[], config: TransformerConfig): number[] {
  const shifts = (threshold: number) => largest.map((m) => Math.max(0, Math.ceil(Math.log2(m / threshold))));
  const [usual = 1] = [...raised(largest)].sort((a, b) => a - b);
  let threshold = usual || 1;
  while (squareWeights(config, { channelShifts: shifts(threshold) }) > Math.max(MOST_SQUARE_WEIGHTS, config.width)) threshold *= 2;
  return shifts(threshold);
}

/**
 * By site, as its largest magnitude allows, but never finer than before, never so much coarser at once that a shift could not undo it, and never so fine that
 * epsilon, on the scale of sums of squares, is no word: its root alone would be thousands of steps.
 */
function residualExponentsFor(bits: number, largest: readonly number[], { epsilon, width }: TransformerConfig): number[] {
  const finest = Math.floor(Math.log2(MOST_EPSILON / (epsilon * width)) / 2);
  const exponents = largest.map((m) => Math.min(finest, exponentFor(bits, m)));
  for (let site = 1; site < exponents.length; site++) exponents[site] = Math.min(exponents[site]!, exponents[site - 1]!);
  for (let site = exponents.length - 2; site >= 0; site--)
    exponents[site] = Math.min(exponents[site]!, exponents[site + 1]! + MOST_COARSER);
  return exponents;
}

/**
 * More bits than asked for where outliers would leave too few to the rest: the root mean square of every site's shortest row is to be 2^7 steps at least, as far as sums
 * of squares of limbs allow.
 */
function residualBitsFor(
  largest: readonly number[],
  shortest: readonly number[],
  asked: number,
  channelShifts: readonly number[],
  config: TransformerConfig,
): number {
  let bits = asked;
  const weights = squareWeights(config, { channelShifts });
  const isTooCoarse = () => {
    const exponents = residualExponentsFor(bits, largest, config);
    return shortest.some((length, site) => (length / Math.sqrt(config.width)) * 2 ** exponents[site]! < 2 ** STEPS);
  };
  while (isTooCoarse() && bits < 22 && weights * 4 ** (bits - LOW_BITS) < 2 ** 31 && weights * 2 ** (bits + 2) < 2 ** 31) bits++;
  return bits;
}

/** The least of 4, 5, 6 or 7 times a power of two that a magnitude does not exceed: coarse and exact, as it decides weights. */
function coarse(magnitude: number): number {
  let unit = 2 ** -20;
  while (8 * unit <= magnitude) unit *= 2;
  return unit * Math.max(4, Math.ceil(magnitude / unit));
}
