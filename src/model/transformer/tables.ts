/**
 * The tables of a decoder, computed in integers only: exp of negative differences, SiLU, and the rotations' cosines and sines.
 */
import { ModelError } from "../../errors.ts";
import { expNegative, fixed, roundFixed } from "../../ops/fixed.ts";
import { type FunctionTable, functionValues } from "../../ops/function-table.ts";
import type { LlamaConfig } from "./llama.ts";
import { ROTATION_BITS, type TransformerScales } from "./program.ts";
import { cosine, quotient, root, sine } from "./trigonometry.ts";

/** round(2^bits e^-(t 2^-exponent)) for t = 0, 1, ... as long as it is not 0. */
export function expTable(bits: number, exponent: number): Int32Array {
  const values: number[] = [];
  for (let t = 0; ; t++) {
    const value = roundFixed(expNegative(fixed(-t, exponent)), bits);
    if (value === 0) return Int32Array.from(values);
    values.push(value);
  }
}

/** SiLU of every gate: index q + 2^(bits-1). */
export function siluTable(scales: TransformerScales): Int32Array {
  return functionValues(siluOf(scales), scales.gateBits);
}

/** SiLU as a table that operators know. */
export function siluOf(scales: TransformerScales): FunctionTable {
  return { function: "silu", inputExponent: scales.gateExponent, outputExponent: scales.siluExponent };
}

/**
 * Cosine and sine of position * theta^(-2p / headWidth), times 2^14: at index (position * pairs + p) * 2 and the next.
 * @throws ModelError if theta is no integer
 */
export function rotationTable({ headWidth, theta }: Pick<LlamaConfig, "headWidth" | "theta">, positions: number): Int32Array {
  if (!Number.isInteger(theta) || theta < 1) throw new ModelError(`The rotary base ${theta} is no integer from 1`);
  const pairs = headWidth / 2;
  const table = new Int32Array(positions * pairs * 2);
  const step = root(theta, pairs);
  let frequency = fixed(1, 0);
  for (let p = 0; p < pairs; p++) {
    for (let i = 0; i < positions; i++) {
      table[(i * pairs + p) * 2] = roundFixed(cosine(BigInt(i) * frequency), ROTATION_BITS);
      table[(i * pairs + p) * 2 + 1] = roundFixed(sine(BigInt(i) * frequency), ROTATION_BITS);
    }
    frequency = quotient(frequency, step);
  }
  return table;
}
