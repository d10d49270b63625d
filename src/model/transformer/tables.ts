/**
 * The tables of a transformer, computed in integers only: exp of negative differences, activations, and the rotations' cosines and sines.
 */
import { ModelError } from "../../errors.ts";
import { expNegative, fixed, roundFixed } from "../../ops/fixed.ts";
import { type FunctionTable, functionValues } from "../../ops/function-table.ts";
import type { RotaryPositions, RotaryScaling, TransformerConfig } from "./model.ts";
import { ROTATION_BITS, type TransformerScales } from "./program.ts";
import { cosine, product, quotient, root, sine, TWO_PI } from "./trigonometry.ts";

/** round(2^bits e^-(t 2^-exponent)) for t = 0, 1, ... as long as it is not 0. */
export function expTable(bits: number, exponent: number): Int32Array {
  const values: number[] = [];
  for (let t = 0; ; t++) {
    const value = roundFixed(expNegative(fixed(-t, exponent)), bits);
    if (value === 0) return Int32Array.from(values);
    values.push(value);
  }
}

/** The activation of every gate: index q + 2^(bits-1), q at most gateHigh. */
export function activationTable(config: Pick<TransformerConfig, "activation">, scales: TransformerScales): Int32Array {
  const { gateBits, gateHigh } = scales;
  return functionValues(activationOf(config, scales), gateBits).subarray(0, 2 ** (gateBits - 1) + gateHigh + 1);
}

/** The activation as a table that operators know. */
export function activationOf({ activation }: Pick<TransformerConfig, "activation">, scales: TransformerScales): FunctionTable {
  return { function: activation, inputExponent: scales.gateExponent, outputExponent: scales.activatedExponent };
}

/**
 * Cosine and sine of position * frequency_p, times 2^14: at index (position * pairs + p) * 2 and the next. Empty where positions are learned.
 * @throws ModelError if theta is no integer
 */
export function rotationTable(
  { headWidth, positions: kind }: Pick<TransformerConfig, "headWidth" | "positions">,
  positions: number,
): Int32Array {
  if (kind.kind !== "rotary") return new Int32Array();
  const pairs = headWidth / 2;
  const table = new Int32Array(positions * pairs * 2);
  rotaryFrequencies(kind, pairs).forEach((frequency, p) => {
    for (let i = 0; i < positions; i++) {
      table[(i * pairs + p) * 2] = roundFixed(cosine(BigInt(i) * frequency), ROTATION_BITS);
      table[(i * pairs + p) * 2 + 1] = roundFixed(sine(BigInt(i) * frequency), ROTATION_BITS);
    }
  });
  return table;
}

/** theta^(-p / pairs), stretched, for every pair. */
function rotaryFrequencies({ theta, scaling }: RotaryPositions, pairs: number): bigint[] {
  if (!Number.isInteger(theta) || theta < 1) throw new ModelError(`The rotary base ${theta} is no integer from 1`);
  const step = root(theta, pairs);
  const frequencies: bigint[] = [];
  for (let frequency = fixed(1, 0); frequencies.length < pairs; frequency = quotient(frequency, step)) frequencies.push(frequency);
  return scaling === undefined ? frequencies : frequencies.map((frequency) => stretched(frequency, scaling));
}

/**
 * LLaMA 3's scaling: waves longer than context / low are `factor` times as long, those shorter than context / high stay, and in between the frequency is
 * mixed linearly in the number of waves that the context holds.
 */
function stretched(frequency: bigint, { factor, lowFrequencyFactor, highFrequencyFactor, originalContext }: RotaryScaling): bigint {
  const [most, low, high] = [factor, lowFrequencyFactor, highFrequencyFactor].map(exactly) as [bigint, bigint, bigint];
  const waves = quotient(BigInt(originalContext) * frequency, TWO_PI);
  const slow = quotient(frequency, most);
  if (waves < low) return slow;
  if (waves > high) return frequency;
  const smooth = quotient(waves - low, high - low);
  return product(fixed(1, 0) - smooth, slow) + product(smooth, frequency);
}

/** A double as a fixed-point number. */
function exactly(v: number): bigint {
  let exponent = 0;
  while (!Number.isInteger(v * 2 ** exponent) && exponent < 64) exponent++;
  return fixed(Math.round(v * 2 ** exponent), exponent);
}
