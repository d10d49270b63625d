/**
 * The scales of a decoder from a run of the float model: every value's largest magnitude, with half as much again in reserve, decides its exponent. Exponents are
 * whole numbers, so a last-bit difference between runtimes' exp or cos does not reach them but at a boundary; a bundled model stores its scales.
 */
import { FloatDecoder } from "./float.ts";
import type { Llama } from "./llama.ts";
import { queryLimit, type TransformerScales } from "./program.ts";

/** Reserve over the largest value seen. */
const MARGIN = 1.5;
const BITS = { residual: 18, value: 14, up: 15, gated: 15, gate: 15 } as const;

/** exp takes multiples of 2^-10. */
const EXP_EXPONENT = 10;

/** Scales that fit all values on these tokens, with a reserve. */
export function calibrate(model: Llama, tokens: readonly number[]): TransformerScales {
  const { layers } = model.config;
  const largest = new Map<string, number>();
  const decoder = new FloatDecoder(model, (name, layer, values) => {
    for (const key of [name, `${name} ${layer}`])
      largest.set(
        key,
        values.reduce((m, v) => Math.max(m, Math.abs(v)), largest.get(key) ?? 0),
      );
  });
  for (const token of tokens) decoder.step(token);
  /** The largest exponent at which a magnitude fits signed bits. */
  const exponentOf = (bits: number, ...names: readonly string[]): number => {
    const most = MARGIN * Math.max(...names.map((name) => largest.get(name) ?? 0));
    let exponent = 0;
    while (most * 2 ** (exponent + 1) < 2 ** (bits - 1)) exponent++;
    while (exponent > -20 && most * 2 ** exponent >= 2 ** (bits - 1)) exponent--;
    return exponent;
  };
  const byLayer = (bits: number, name: string) => Array.from({ length: layers }, (_, l) => exponentOf(bits, `${name} ${l}`));
  const gateExponent = exponentOf(BITS.gate, "gate");
  const siluExponent = gateExponent - 1;
  // The product's shift is common to all layers, so an up scale must also leave room for what the gate makes of it.
  const room = byLayer(BITS.gated, "gated");
  const wanted = byLayer(BITS.up, "up");
  const gatedShift = siluExponent + Math.max(...wanted.map((e, l) => e - room[l]!));
  const upExponents = wanted.map((e, l) => Math.min(e, room[l]! + gatedShift - siluExponent));
  // Queries and keys share a scale whose square, times the root of the head's width, is a power of two.
  const turned = MARGIN * Math.max(largest.get("query") ?? 0, largest.get("key") ?? 0);
  const finest = (queryLimit(model.config) / turned) ** 2 * Math.sqrt(model.config.headWidth);
  let scoreShift = 1;
  while (scoreShift < 15 && 2 ** (scoreShift + 1 + EXP_EXPONENT) <= finest) scoreShift++;
  return {
    residualExponent: exponentOf(BITS.residual, "residual", "middle"),
    residualBits: BITS.residual,
    normExponent: 11,
    rootShift: 15,
    expExponent: EXP_EXPONENT,
    scoreShift,
    expBits: 13,
    valueExponents: byLayer(BITS.value, "value"),
    upExponents,
    gateExponent,
    gateBits: BITS.gate,
    siluExponent,
    gatedShift,
    valueBits: BITS.value,
    upBits: BITS.up,
    gatedBits: BITS.gated,
  };
}
