/**
 * Float decoder to integer decoder. Norm gains go into the weights that follow; every matrix takes as many bits as its accumulator holds: the L1 norm of a row
 * times the largest input stays below the limit. Only +, -, *, / and square roots, so that every runtime gets the same integers.
 */
import { ModelError } from "../../errors.ts";
import type { FloatTensor } from "../../tensor/tensor.ts";
import type { Llama } from "./llama.ts";
import { type IntegerMatrix, LOGIT_BITS, mostQuery, normBits, type TransformerProgram, type TransformerScales } from "./program.ts";

/** An accumulator's largest absolute value: as much again is left for its rounded result. */
const ACCUMULATOR = 2 ** 30;
const MAX_SHIFT = 16;
/** Fractional bits of a head's weights. */
const MAX_HEAD_BITS = 20;
/** Weights are single words of at most this many bits. */
const MAX_WEIGHT = 2 ** 20;

/** What a matrix maps: real input = integer / inputScale, likewise its output. */
interface Mapping {
  readonly matrices: readonly FloatTensor[];
  /** Gain of each input, by layer. */
  readonly gains?: readonly FloatTensor[];
  readonly inputScale: (layer: number) => number;
  readonly outputScale: (layer: number) => number;
  /** Largest absolute input. */
  readonly inputLimit: number;
  readonly mostShift?: number;
}

/** The integer decoder on given scales. @throws ModelError naming a matrix that does not fit */
export function quantizeLlama(model: Llama, scales: TransformerScales, name: string): TransformerProgram {
  const { config, layers, embedding, head, norm } = model;
  const norms = 2 ** scales.normExponent;
  const normLimit = 2 ** (normBits(config, scales) - 1);
  const residual = 2 ** scales.residualExponent;
  // The difference of two states, shifted, shares a constraint with the accumulator.
  const residualShift = Math.min(MAX_SHIFT, 29 - scales.residualBits);
  const score = Math.sqrt(2 ** (scales.scoreShift + scales.expExponent) / Math.sqrt(config.headWidth));
  const value = (l: number) => 2 ** (scales.valueExponents[l] ?? 0);
  const up = (l: number) => 2 ** (scales.upExponents[l] ?? 0);
  const gated = (l: number) => 2 ** (scales.siluExponent - scales.gatedShift) * up(l);
  const attentionGains = layers.map((l) => l.attentionNorm);
  const feedGains = layers.map((l) => l.feedNorm);
  const fromNorm = (matrices: readonly FloatTensor[], gains: readonly FloatTensor[], outputScale: (l: number) => number): Mapping => ({
    matrices,
    gains,
    inputScale: () => norms,
    outputScale,
    inputLimit: normLimit,
  });
  const matrix = (what: string, mapping: Mapping) => quantizeMatrix(`${name} ${what}`, mapping);
  const limit = 2 ** (scales.residualBits - 1);
  const { weight: logits, exponent } = quantizeHead(head, norm, scales.normExponent, normLimit);
  if (scales.queryLimit < 2 || scales.queryLimit > mostQuery(config))
    throw new ModelError(`${name} has heads of ${config.headWidth} channels, too wide for exact scores`);
  return {
    name,
    config,
    scales,
    embedding: Int32Array.from(embedding.data, (v) => {
      const q = Math.round(v * residual);
      if (q < -limit || q >= limit) throw new ModelError(`${name} has the embedding ${v}, outside ${scales.residualBits} bits`);
      return q;
    }),
    query: matrix(
      "query",
      fromNorm(
        layers.map((l) => l.query),
        attentionGains,
        () => score,
      ),
    ),
    key: matrix(
      "key",
      fromNorm(
        layers.map((l) => l.key),
        attentionGains,
        () => score,
      ),
    ),
    value: matrix(
      "value",
      fromNorm(
        layers.map((l) => l.value),
        attentionGains,
        value,
      ),
    ),
    output: matrix("output", {
      matrices: layers.map((l) => l.output),
      inputScale: value,
      outputScale: () => residual,
      mostShift: residualShift,
      inputLimit: 2 ** (scales.valueBits - 1) + 2 ** (scales.valueBits / 2),
    }),
    gate: matrix(
      "gate",
      fromNorm(
        layers.map((l) => l.gate),
        feedGains,
        () => 2 ** scales.gateExponent,
      ),
    ),
    up: matrix(
      "up",
      fromNorm(
        layers.map((l) => l.up),
        feedGains,
        up,
      ),
    ),
    down: matrix("down", {
      matrices: layers.map((l) => l.down),
      inputScale: gated,
      outputScale: () => residual,
      mostShift: residualShift,
      inputLimit: 2 ** (scales.gatedBits - 1),
    }),
    head: logits,
    headExponent: exponent,
    epsilon: Math.max(1, Math.round(config.epsilon * config.width * residual * residual)),
  };
}

/** The largest shift, at most 16 or what the mapping says, at which every row's accumulator stays inside its limit. */
function quantizeMatrix(name: string, mapping: Mapping): IntegerMatrix {
  const { matrices, gains, inputScale, outputScale, inputLimit, mostShift = MAX_SHIFT } = mapping;
  const [outputs = 0, inputs = 0] = matrices[0]?.shape ?? [];
  const size = outputs * inputs;
  const scaled = new Float64Array(matrices.length * size);
  matrices.forEach(({ data }, l) => {
    const scale = outputScale(l) / inputScale(l);
    for (let k = 0; k < size; k++) scaled[l * size + k] = data[k]! * (gains?.[l]?.data[k % inputs] ?? 1) * scale;
  });
  for (let shift = tooLarge(scaled, inputs, ACCUMULATOR / inputLimit, mostShift); shift > 0; shift--) {
    const weight = rounded(scaled, shift);
    if (largestRow(weight, inputs) * inputLimit <= ACCUMULATOR && weight.every((w) => Math.abs(w) < MAX_WEIGHT))
      return { outputs, inputs, weight, shift };
  }
  throw new ModelError(`${name} does not fit its accumulator at any shift`);
}

function quantizeHead(
  head: FloatTensor,
  gain: FloatTensor,
  normExponent: number,
  inputLimit: number,
): { weight: Int32Array; exponent: number } {
  const inputs = head.shape[1] ?? 1;
  const scaled = Float64Array.from(head.data, (w, k) => w * gain.data[k % inputs]!);
  for (let bits = tooLarge(scaled, inputs, 2 ** LOGIT_BITS / inputLimit, MAX_HEAD_BITS); bits > 0; bits--) {
    const weight = rounded(scaled, bits);
    if (largestRow(weight, inputs) * inputLimit < 2 ** LOGIT_BITS) return { weight, exponent: bits + normExponent };
  }
  throw new ModelError("The language-model head does not fit its accumulator");
}

/** The first shift at which a row's L1 norm passes a limit before rounding, or the most that there may be: none above it is worth a try. */
function tooLarge(values: Float64Array, inputs: number, limit: number, most: number): number {
  const norm = largestRow(values, inputs);
  let shift = 1;
  while (shift < most && norm * 2 ** shift <= limit) shift++;
  return shift;
}

/** round(v 2^shift). */
function rounded(values: Float64Array, shift: number): Int32Array {
  const scale = 2 ** shift;
  const out = new Int32Array(values.length);
  for (let k = 0; k < out.length; k++) out[k] = Math.round(values[k]! * scale);
  return out;
}

/** The largest L1 norm of a row. */
function largestRow(weight: Int32Array | Float64Array, inputs: number): number {
  let most = 0;
  for (let row = 0; row < weight.length; row += inputs) {
    let sum = 0;
    for (let i = row; i < row + inputs; i++) sum += Math.abs(weight[i]!);
    most = Math.max(most, sum);
  }
  return most;
}
