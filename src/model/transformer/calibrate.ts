/**
 * The scales of a transformer from a run of the float model: every value's largest magnitude, with half as much again in reserve, decides its exponent. Exponents are
 * whole numbers, so a last-bit difference between runtimes' exp or cos does not reach them but at a boundary; a bundled model stores its scales.
 */
import { FloatTransformer } from "./float.ts";
import type { Transformer, TransformerConfig } from "./model.ts";
import { FINAL_BITS, LOW_BITS, mostQuery, reciprocalBits, type TransformerScales } from "./program.ts";

/** Reserve over the largest value seen. */
const MARGIN = 1.5;
/** The limit of queries and keys is a multiple of this, or the most that there can be. */
const QUERY_STEP = 128;

/** Signed bits of values, exponents, and the largest score shift: see `TransformerScales`. */
export interface DecoderBits {
  readonly residual: number;
  readonly value: number;
  readonly up: number;
  readonly gated: number;
  readonly gate: number;
  readonly normExponent: number;
  readonly rootShift: number;
  readonly exp: number;
  readonly expExponent: number;
  readonly scoreShift: number;
}

/**
 * Bits that suit a model. An accumulator's 30 bits are shared by activations and weights: rounding costs least where both have about as many, and a wide sum
 * leaves fewer to either. The constants were the best of some dozen on stories260K, by agreement on greedy and drawn texts.
 */
export function bitsFor({ width, heads, headWidth, hidden }: TransformerConfig): DecoderBits {
  const shared = (inputs: number) => 1 + Math.round(Math.log2(2 ** 30 * (16 / 2.4 / inputs)) / 2);
  const value = shared(heads * headWidth);
  return {
    residual: 18,
    value: value + (value % 2),
    up: 14,
    gated: shared(hidden),
    gate: 15,
    normExponent: Math.round(Math.log2(2 ** 30 / (2.4 * width ** 1.5)) / 2),
    rootShift: 15,
    exp: 13,
    expExponent: 9,
    scoreShift: 15,
  };
}

/** The largest magnitudes of a run. */
class Observed {
  readonly #largest = new Map<string, number>();
  /** Of the residual stream: the shortest row at any site, and the smallest root of a site's mean square. */
  shortest = Number.POSITIVE_INFINITY;

  of(...names: readonly string[]): number {
    return Math.max(...names.map((name) => this.#largest.get(name) ?? 0));
  }

  note(name: string, values: Float64Array): void {
    this.#largest.set(
      name,
      values.reduce((m, v) => Math.max(m, Math.abs(v)), this.#largest.get(name) ?? 0),
    );
  }
}

/** Scales that fit all values on these texts, with a reserve. An encoder reads each alone, a decoder too. */
export function calibrate(
  model: Transformer,
  texts: readonly (readonly number[])[],
  bits: DecoderBits = bitsFor(model.config),
): TransformerScales {
  const { config } = model;
  const { layers, heads, keyHeads, headWidth } = config;
  const seen = new Observed();
  let score = 0;
  for (const text of texts) {
    const turned = { query: model.layers.map((): Float64Array[] => []), key: model.layers.map((): Float64Array[] => []) };
    const reader = new FloatTransformer(model, (name, index, values) => {
      if (name === "query" || name === "key") turned[name][index]?.push(values);
      if (name === "state") seen.shortest = Math.min(seen.shortest, Math.sqrt(values.reduce((sum, v) => sum + v * v, 0)));
      for (const key of [name, `${name} ${index}`]) seen.note(key, values);
      if (name.endsWith("flat"))
        for (let h = 0; h * headWidth < values.length; h++)
          seen.note(`${name} ${index} ${h}`, values.subarray(h * headWidth, (h + 1) * headWidth));
    });
    for (const row of reader.read(text)) if (config.output === "mean") seen.note("final", row);
    score = Math.max(score, largestScore(config, turned));
  }
  /** The largest exponent at which a magnitude fits signed bits of a width. */
  const exponentOf = (width: number, ...names: readonly string[]): number => {
    const most = MARGIN * seen.of(...names);
    let exponent = 0;
    while (exponent < 30 && most * 2 ** (exponent + 1) < 2 ** (width - 1)) exponent++;
    while (exponent > -20 && most * 2 ** exponent >= 2 ** (width - 1)) exponent--;
    return exponent;
  };
  const byLayer = (width: number, name: string) => Array.from({ length: layers }, (_, l) => exponentOf(width, `${name} ${l}`));
  const gateExponent = exponentOf(bits.gate, "gate");
  const activatedExponent = config.gated ? gateExponent - 1 : Math.min(gateExponent, gateExponent - bits.gate + bits.gated);
  // The product's shift is common to all layers, so an up scale must also leave room for what the gate makes of it.
  const room = byLayer(bits.gated, "gated");
  const wanted = byLayer(bits.up, "up");
  const gatedShift = Math.max(1, activatedExponent + Math.max(...wanted.map((e, l) => e - room[l]!)));
  const upExponents = wanted.map((e, l) => Math.min(e, room[l]! + gatedShift - activatedExponent));
  // Queries and keys share a scale whose square, times the root of the head's width, is a power of two.
  const most = MARGIN * seen.of("query", "key");
  const finest = (mostQuery(config) / most) ** 2 * Math.sqrt(headWidth);
  let scoreShift = 1;
  while (scoreShift < bits.scoreShift && 2 ** (scoreShift + 1 + bits.expExponent) <= finest) scoreShift++;
  const scale = Math.sqrt(2 ** (scoreShift + bits.expExponent) / Math.sqrt(headWidth));
  // Coarse steps, so that a last-bit difference between runtimes does not reach the limits either.
  const queryLimit = Math.min(mostQuery(config), QUERY_STEP * Math.ceil((most * scale) / QUERY_STEP));
  let scoreLimit = 1;
  while (scoreLimit < MARGIN * score * scale ** 2) scoreLimit *= 2;
  const residualBits = residualBitsFor(seen, bits.residual, config);
  const residualExponent = exponentOf(residualBits, "state");
  // A reciprocal root has to keep its bits for a row half as long as the shortest one seen.
  let rootShift = bits.rootShift;
  const reciprocal = (Math.sqrt(config.width) * 2 ** bits.normExponent) / ((seen.shortest / 2) * 2 ** residualExponent);
  while (rootShift > LOW_BITS + 1 && reciprocal * 2 ** rootShift >= 2 ** reciprocalBits(config, { residualBits })) rootShift--;
  const magnitudes = (name: string, count: number) =>
    config.queryKeyNorm
      ? Array.from({ length: layers }, (_, l) => Array.from({ length: count }, (_, h) => coarse(MARGIN * seen.of(`${name} ${l} ${h}`))))
      : [];
  return {
    residualExponent,
    residualBits,
    normExponent: bits.normExponent,
    rootShift,
    expExponent: bits.expExponent,
    scoreShift,
    queryLimit,
    scoreLimit: Math.min(headWidth * queryLimit ** 2, scoreLimit),
    expBits: bits.exp,
    valueExponents: byLayer(bits.value, "value"),
    upExponents: config.gated ? upExponents : [],
    gateExponent,
    gateBits: bits.gate,
    activatedExponent,
    gatedShift,
    valueBits: bits.value,
    upBits: bits.up,
    gatedBits: bits.gated,
    queryMagnitudes: magnitudes("query flat", heads),
    keyMagnitudes: magnitudes("key flat", keyHeads),
    finalExponent: config.output === "mean" ? exponentOf(FINAL_BITS, "final") : 0,
  };
}

/**
 * More bits than asked for where outliers would leave too few to the rest: the shortest row's root mean square is to be 2^9 steps at least, as far as sums of
 * squares of high limbs allow.
 */
function residualBitsFor(seen: Observed, asked: number, { width }: TransformerConfig): number {
  let bits = asked;
  const isTooCoarse = () => ((seen.shortest / Math.sqrt(width)) * 2 ** (bits - 1)) / (MARGIN * seen.of("state")) < 2 ** 9;
  while (isTooCoarse() && width * 4 ** (bits - LOW_BITS) < 2 ** 31) bits++;
  return bits;
}

/** The least of 4, 5, 6 or 7 times a power of two that a magnitude does not exceed: coarse and exact, as it decides weights. */
function coarse(magnitude: number): number {
  let unit = 2 ** -20;
  while (8 * unit <= magnitude) unit *= 2;
  return unit * Math.max(4, Math.ceil(magnitude / unit));
}

/** The largest product of a query and a key of one layer and head, whatever their positions. */
function largestScore(
  { heads, keyHeads, headWidth }: TransformerConfig,
  turned: { readonly query: Float64Array[][]; readonly key: Float64Array[][] },
): number {
  let most = 0;
  for (const [l, queries] of turned.query.entries())
    for (const q of queries)
      for (const k of turned.key[l] ?? [])
        for (let h = 0; h < heads; h++) {
          const from = Math.floor((h * keyHeads) / heads) * headWidth;
          let sum = 0;
          for (let d = 0; d < headWidth; d++) sum += q[h * headWidth + d]! * k[from + d]!;
          most = Math.max(most, Math.abs(sum));
        }
  return most;
}
