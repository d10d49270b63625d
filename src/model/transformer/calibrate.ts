/**
 * The scales of a decoder from a run of the float model: every value's largest magnitude, with half as much again in reserve, decides its exponent. Exponents are
 * whole numbers, so a last-bit difference between runtimes' exp or cos does not reach them but at a boundary; a bundled model stores its scales.
 */
import { FloatDecoder } from "./float.ts";
import type { Llama } from "./llama.ts";
import { LOW_BITS, mostQuery, RECIPROCAL_BITS, type TransformerScales } from "./program.ts";

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

/** More bits of activations leave fewer to weights: these were the best of some dozen on stories260K, by agreement on greedy and drawn texts. */
const BITS: DecoderBits = {
  residual: 18,
  value: 14,
  up: 14,
  gated: 14,
  gate: 15,
  normExponent: 10,
  rootShift: 15,
  exp: 13,
  expExponent: 9,
  scoreShift: 15,
};

/** Scales that fit all values on these tokens, with a reserve. */
export function calibrate(model: Llama, tokens: readonly number[], bits: DecoderBits = BITS): TransformerScales {
  const { layers } = model.config;
  const largest = new Map<string, number>();
  let shortest = Number.POSITIVE_INFINITY;
  const turned = { query: model.layers.map((): Float64Array[] => []), key: model.layers.map((): Float64Array[] => []) };
  const decoder = new FloatDecoder(model, (name, layer, values) => {
    if (name === "query" || name === "key") turned[name][layer]?.push(values);
    if (name === "residual" || name === "middle") shortest = Math.min(shortest, Math.sqrt(values.reduce((sum, v) => sum + v * v, 0)));
    for (const key of [name, `${name} ${layer}`])
      largest.set(
        key,
        values.reduce((m, v) => Math.max(m, Math.abs(v)), largest.get(key) ?? 0),
      );
  });
  for (const token of tokens) decoder.step(token);
  const score = largestScore(model, turned);
  /** The largest exponent at which a magnitude fits signed bits of a width. */
  const exponentOf = (width: number, ...names: readonly string[]): number => {
    const most = MARGIN * Math.max(...names.map((name) => largest.get(name) ?? 0));
    let exponent = 0;
    while (most * 2 ** (exponent + 1) < 2 ** (width - 1)) exponent++;
    while (exponent > -20 && most * 2 ** exponent >= 2 ** (width - 1)) exponent--;
    return exponent;
  };
  const byLayer = (width: number, name: string) => Array.from({ length: layers }, (_, l) => exponentOf(width, `${name} ${l}`));
  const gateExponent = exponentOf(bits.gate, "gate");
  const siluExponent = gateExponent - 1;
  // The product's shift is common to all layers, so an up scale must also leave room for what the gate makes of it.
  const room = byLayer(bits.gated, "gated");
  const wanted = byLayer(bits.up, "up");
  const gatedShift = Math.max(1, siluExponent + Math.max(...wanted.map((e, l) => e - room[l]!)));
  const upExponents = wanted.map((e, l) => Math.min(e, room[l]! + gatedShift - siluExponent));
  // Queries and keys share a scale whose square, times the root of the head's width, is a power of two.
  const most = MARGIN * Math.max(largest.get("query") ?? 0, largest.get("key") ?? 0);
  const finest = (mostQuery(model.config) / most) ** 2 * Math.sqrt(model.config.headWidth);
  let scoreShift = 1;
  while (scoreShift < bits.scoreShift && 2 ** (scoreShift + 1 + bits.expExponent) <= finest) scoreShift++;
  const scale = Math.sqrt(2 ** (scoreShift + bits.expExponent) / Math.sqrt(model.config.headWidth));
  // Coarse steps, so that a last-bit difference between runtimes does not reach the limits either.
  const queryLimit = Math.min(mostQuery(model.config), QUERY_STEP * Math.ceil((most * scale) / QUERY_STEP));
  let scoreLimit = 1;
  while (scoreLimit < MARGIN * score * scale ** 2) scoreLimit *= 2;
  const residualExponent = exponentOf(bits.residual, "residual", "middle");
  // A reciprocal root has to keep its bits for a row half as long as the shortest one seen.
  let rootShift = bits.rootShift;
  const reciprocal = (Math.sqrt(model.config.width) * 2 ** bits.normExponent) / ((shortest / 2) * 2 ** residualExponent);
  while (rootShift > LOW_BITS + 1 && reciprocal * 2 ** rootShift >= 2 ** RECIPROCAL_BITS) rootShift--;
  return {
    residualExponent,
    residualBits: bits.residual,
    normExponent: bits.normExponent,
    rootShift,
    expExponent: bits.expExponent,
    scoreShift,
    queryLimit,
    scoreLimit: Math.min(model.config.headWidth * queryLimit ** 2, scoreLimit),
    expBits: bits.exp,
    valueExponents: byLayer(bits.value, "value"),
    upExponents,
    gateExponent,
    gateBits: bits.gate,
    siluExponent,
    gatedShift,
    valueBits: bits.value,
    upBits: bits.up,
    gatedBits: bits.gated,
  };
}

/** The largest product of a query and a key of one layer and head, whatever their positions. */
function largestScore({ config }: Llama, turned: { readonly query: Float64Array[][]; readonly key: Float64Array[][] }): number {
  const { heads, keyHeads, headWidth } = config;
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
