/**
 * Float transformer to integer transformer. Norm gains, biases and means go into the weights around them; every matrix takes as many bits as its accumulator holds: the
 * L1 norm of a row times the largest input stays below the limit. Only +, -, *, / and square roots, so that every runtime gets the same integers.
 *
 * A layer norm is a root mean square norm of a stream whose mean is 0. Nothing else reads the stream, so everything that is written to it is written with its mean
 * subtracted: embeddings, the rows of output and down projections, and, where norms come after, the normalised values that are added again (`Skip`).
 */
import { ModelError } from "../../errors.ts";
import type { Length } from "../../system/bounds.ts";
import { folded, layerTensors, type Rows, type Scaled, scaledRows } from "./fold.ts";
import type { Norm, Transformer, TransformerConfig } from "./model.ts";
import {
  FEED_LOW_BITS,
  FINAL_BITS,
  type FinalValues,
  feedExponent,
  feedLimbs,
  HEAD_NORM_EXPONENT,
  type HeadNorm,
  headNumerator,
  type IntegerMatrix,
  LOGIT_BITS,
  limbsLength,
  MOST_HEAD_EPSILON,
  mixedBits,
  mostFlat,
  mostQuery,
  normLength,
  ROTATION_BITS,
  type Skip,
  type TransformerProgram,
  type TransformerScales,
} from "./program.ts";

/** An accumulator's largest absolute value: as much again is left for its rounded result. */
const ACCUMULATOR = 2 ** 30;
const MAX_SHIFT = 16;
/** Fractional bits of logits. */
const MAX_HEAD_EXPONENT = 30;
/** Weights are single words of at most this many bits. */
const MAX_WEIGHT = 2 ** 20;

/** The integer transformer on given scales. @throws ModelError naming a matrix that does not fit */
export function quantizeTransformer(model: Transformer, scales: TransformerScales, name: string): TransformerProgram {
  const { config } = model;
  if (scales.queryLimit < 2 || scales.queryLimit > mostQuery(config))
    throw new ModelError(`${name} has heads of ${config.headWidth} channels, too wide for exact scores`);
  const residual = 2 ** scales.residualExponent;
  const norms = 2 ** scales.normExponent;
  const normLimit = 2 ** (scales.normBits - 1);
  const channel = (c: number) => 2 ** (scales.channelShifts[c] ?? 0);
  // The difference of two states, shifted, or the state alone, shares a constraint with the accumulator.
  const residualShift = Math.min(MAX_SHIFT, (config.normPlace === "before" ? 29 : 30) - scales.residualBits);
  const query = Math.sqrt(2 ** (scales.scoreShift + scales.expExponent) / Math.sqrt(config.headWidth));
  const flat = (magnitudes: readonly (readonly number[])[]) => (l: number, o: number) =>
    config.queryKeyNorm ? mostFlat(config) / (magnitudes[l]?.[Math.floor(o / config.headWidth)] ?? 1) : query;
  const value = (l: number, c: number) => 2 ** (scales.valueExponents[l]?.[c] ?? 0);
  const members = config.heads / config.keyHeads;
  /** The channel of the key heads that a channel of the query heads is a mean of. */
  const mixed = (i: number) => Math.floor(i / (members * config.headWidth)) * config.headWidth + (i % config.headWidth);
  const up = (l: number, f: number) => 2 ** (scales.upExponents[l]?.[f] ?? 0);
  const feed = feedExponent(config, scales);
  const tensors = layerTensors(model);
  const matrix = (part: keyof typeof tensors, mapping: Omit<Mapping, "layers">) =>
    quantizeMatrix(`${name} ${part}`, { layers: tensors[part].map((rows) => () => rows(normalised(config))), ...mapping });
  const channelSquares = scales.channelShifts.some((k) => k > 0) ? Int32Array.from(scales.channelShifts, (k) => 4 ** k) : undefined;
  const inputLength: Length = { most: normLength(config, scales), ...(channelSquares && { weights: channelSquares }) };
  const fromNorm = { inputScale: (_: number, c: number) => norms / channel(c), inputLimit: normLimit, inputLength };
  const toStream = {
    outputScale: (_: number, c: number) => residual / channel(c),
    mostShift: residualShift,
    skipLimit: config.normPlace === "after" ? normLimit : 0,
    skipLength: inputLength.most,
  };
  const output = matrix("output", {
    inputScale: (l, i) => value(l, mixed(i)),
    inputLimit: 2 ** (scales.valueBits - 1) + 2 ** (scales.valueBits / 2),
    inputLength: { most: limbsLength(mixedBits(scales), config.heads * config.headWidth) },
    ...toStream,
    skip: (l) => skipOf(model.norms[2 * l]!, config, residual / norms),
  });
  const downs = matrix("down", {
    inputScale: (l, f) => 2 ** feed(l, f),
    inputLimit: 2 ** (scales.feedBits - 1) + 2 ** FEED_LOW_BITS,
    inputLength: { most: limbsLength(feedLimbs(scales), config.hidden) },
    ...toStream,
    skip: (l) => skipOf(model.norms[2 * l + 1]!, config, residual / norms),
  });
  return {
    name,
    config,
    scales,
    ...embeddings(model, scales, name),
    query: matrix("query", { ...fromNorm, outputScale: flat(scales.queryMagnitudes) }).matrix,
    key: matrix("key", { ...fromNorm, outputScale: flat(scales.keyMagnitudes) }).matrix,
    value: matrix("value", { ...fromNorm, outputScale: value }).matrix,
    output: output.matrix,
    gate: matrix("gate", { ...fromNorm, outputScale: () => 2 ** scales.gateExponent }).matrix,
    ...(config.gated && { up: matrix("up", { ...fromNorm, outputScale: up }).matrix }),
    down: downs.matrix,
    ...(output.skip && downs.skip && { skips: { output: output.skip, down: downs.skip } }),
    ...(config.queryKeyNorm && {
      headNorms: {
        query: headNorm(model, "queryGain", scales.queryMagnitudes, query),
        key: headNorm(model, "keyGain", scales.keyMagnitudes, query),
      },
    }),
    ...quantizeHead(model, fromNorm),
    ...(config.output === "mean" && { final: finalOf(model.norms[2 * config.layers]!, scales, normLimit) }),
    epsilon: Math.max(1, Math.round(config.epsilon * config.width * residual * residual)),
    ...(channelSquares && { channelSquares }),
  };
}

/** What a matrix maps: real input = integer / inputScale, likewise its output. */
interface Mapping {
  /** By layer, read anew at each call. */
  readonly layers: readonly (() => Rows)[];
  readonly inputScale: (layer: number, input: number) => number;
  readonly outputScale: (layer: number, output: number) => number;
  /** Largest absolute input, and the largest length of a row of inputs. */
  readonly inputLimit: number;
  readonly inputLength?: Length;
  readonly mostShift?: number;
  /** What is added besides, of inputs up to `skipLimit`, on the output's scale; none if the limit is 0. */
  readonly skip?: (layer: number) => { readonly gain: Float64Array; readonly mean: Float64Array };
  readonly skipLimit?: number;
  readonly skipLength?: number;
}

/** The largest shift, at most 16 or what the mapping says, at which every row's accumulator stays inside its limit. */
function quantizeMatrix(name: string, mapping: Mapping): { readonly matrix: IntegerMatrix; readonly skip?: Skip } {
  const { layers, inputScale, outputScale, mostShift = MAX_SHIFT } = mapping;
  const rows = (l: number): Scaled =>
    scaledRows(
      layers[l]!(),
      (o) => outputScale(l, o),
      (i) => 1 / inputScale(l, i),
    );
  const { outputs, inputs, bias: hasBias } = layers[0]!();
  const largest = Math.max(...layers.map((_, l) => largestSum(rows(l), mapping, l, 1)));
  let shift = 1;
  while (shift < mostShift && largest * 2 ** shift <= ACCUMULATOR) shift++;
  for (; shift > 0; shift--) {
    const made = layers.map((_, l) => roundedLayer(rows(l), mapping, l, 2 ** shift));
    if (made.every((layer) => layer.most <= ACCUMULATOR)) {
      const matrix = { outputs, inputs, weight: joined(made.map((m) => m.weight)), shift };
      const biased = hasBias ? { ...matrix, bias: joined(made.map((m) => m.bias)) } : matrix;
      if (!mapping.skipLimit) return { matrix: biased };
      return { matrix: biased, skip: { gain: joined(made.map((m) => m.gain)), mean: joined(made.map((m) => m.mean)) } };
    }
  }
  throw new ModelError(`${name} does not fit its accumulator at any shift`);
}

/** One layer in integers, and the largest absolute sum that an accumulator can have; infinite if a weight is too large. */
function roundedLayer({ outputs, inputs, weight, bias }: Scaled, mapping: Mapping, l: number, scale: number) {
  const skip = mapping.skipLimit ? mapping.skip?.(l) : undefined;
  const round = (v: Float64Array) => Int32Array.from(v, (x) => Math.round(x * scale));
  const made = {
    weight: round(weight),
    bias: round(bias),
    gain: round(skip?.gain ?? new Float64Array()),
    mean: round(skip?.mean ?? new Float64Array()),
  };
  const fits = [made.weight, made.gain, made.mean].every((values) => values.every((w) => Math.abs(w) < MAX_WEIGHT));
  return { ...made, most: fits ? largestOf({ outputs, inputs, ...made }, mapping) : Number.POSITIVE_INFINITY };
}

/** The largest absolute sum of a layer before rounding. */
function largestSum(rows: Scaled, mapping: Mapping, l: number, scale: number): number {
  const skip = mapping.skipLimit ? mapping.skip?.(l) : undefined;
  return scale * largestOf({ ...rows, gain: skip?.gain ?? new Float64Array(), mean: skip?.mean ?? new Float64Array() }, mapping);
}

interface Layer {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly gain: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
}

/** By L1 norms and the largest input, or by Euclidean lengths: whichever bounds a row better. */
function largestOf(
  { outputs, inputs, weight, bias, gain, mean }: Layer,
  { inputLimit, inputLength, skipLength = 0, skipLimit = 0 }: Mapping,
): number {
  let means = 0;
  for (let k = 0; k < mean.length; k++) means += mean[k]! * mean[k]!;
  let most = 0;
  for (let o = 0; o < outputs; o++) {
    let [sum, squares] = [0, 0];
    for (let i = o * inputs, k = 0; k < inputs; i++, k++) {
      const w = weight[i]!;
      sum += Math.abs(w);
      squares += (w * w) / (inputLength?.weights?.[k] ?? 1);
    }
    const product = Math.min(sum * inputLimit, inputLength ? Math.sqrt(squares) * inputLength.most : Number.POSITIVE_INFINITY);
    most = Math.max(most, product + Math.abs(bias[o]!) + Math.abs(gain[o] ?? 0) * skipLimit + Math.sqrt(means) * skipLength);
  }
  return most;
}

/** The gain that a stream's normalised values have, and the mean that they are to lose, times a scale. */
function skipOf({ gain }: Norm, { norm, width }: TransformerConfig, scale: number) {
  const gains = Float64Array.from(gain.data, (g) => g * scale);
  return { gain: gains, mean: norm === "layer" ? gains.map((g) => -g / width) : new Float64Array(width) };
}

/** Whether the stream's mean is 0. */
function normalised({ norm }: TransformerConfig): boolean {
  return norm === "layer";
}

function embeddings(model: Transformer, { residualExponent, residualBits, channelShifts }: TransformerScales, name: string) {
  const { config, embedding, positionEmbedding } = model;
  const { width } = config;
  const limit = 2 ** (residualBits - 1);
  const table = (of: ArrayLike<number>): Int32Array => {
    const out = new Int32Array(of.length);
    for (let row = 0; row < of.length; row += width) {
      let mean = 0;
      if (normalised(config)) for (let c = 0; c < width; c++) mean += of[row + c]! / width;
      for (let c = 0; c < width; c++) {
        const q = Math.round((of[row + c]! - mean) * 2 ** (residualExponent - (channelShifts[c] ?? 0)));
        if (q < -limit || q >= limit) throw new ModelError(`${name} has the embedding ${of[row + c]}, outside ${residualBits} bits`);
        out[row + c] = q;
      }
    }
    return out;
  };
  return { embedding: table(embedding.data), ...(positionEmbedding && { positionEmbedding: table(positionEmbedding.data) }) };
}

/** Gains on the scale of turned values, whose sums of two products stay inside the accumulator, and epsilons on the scales of the heads. */
function headNorm(
  { config, layers }: Transformer,
  which: "queryGain" | "keyGain",
  magnitudes: readonly (readonly number[])[],
  outputScale: number,
): HeadNorm {
  const gains = layers.map((layer) => Float64Array.from(layer[which]?.data ?? []));
  const largest = gains.reduce((m, gain) => gain.reduce((n, g) => Math.max(n, Math.abs(g)), m), 2 ** -20);
  const scale = outputScale / 2 ** HEAD_NORM_EXPONENT;
  const most = ACCUMULATOR / (2 * (headNumerator(config) + 2));
  let shift = 1;
  while (shift < ROTATION_BITS && largest * scale * 2 ** (shift + 1) + 1 <= most) shift++;
  return {
    gain: joined(gains.map((gain) => Int32Array.from(gain, (g) => Math.round(g * scale * 2 ** shift)))),
    epsilon: joined(
      magnitudes.map((heads) =>
        Int32Array.from(heads, (m) => {
          const unit = mostFlat(config) / m;
          return Math.min(MOST_HEAD_EPSILON, Math.max(1, Math.round(config.epsilon * config.headWidth * unit * unit)));
        }),
      ),
    ),
    shift,
  };
}

/** The language-model head with the last norm's gain and bias. */
function quantizeHead({ config, head, norms }: Transformer, fromNorm: Pick<Mapping, "inputScale" | "inputLimit" | "inputLength">) {
  if (!head) return { head: new Int32Array(), headExponent: 0 };
  const rows = scaledRows(
    folded(head, norms[2 * config.layers]!),
    () => 1,
    (i) => 1 / fromNorm.inputScale(0, i),
  );
  const hasBias = head.bias !== undefined || norms[2 * config.layers]!.bias !== undefined;
  const mapping: Mapping = { layers: [], outputScale: () => 1, ...fromNorm };
  const norm = largestSum(rows, mapping, 0, 1);
  let exponent = 1;
  while (exponent < MAX_HEAD_EXPONENT && norm * 2 ** exponent <= 2 ** LOGIT_BITS) exponent++;
  for (; exponent > 0; exponent--) {
    const { weight, bias, most } = roundedLayer(rows, mapping, 0, 2 ** exponent);
    if (most < 2 ** LOGIT_BITS) return { head: weight, ...(hasBias && { headBias: bias }), headExponent: exponent };
  }
  throw new ModelError("The language-model head does not fit its accumulator");
}

/** The last norm's gain and bias on an encoder's final values. */
function finalOf({ gain, bias }: Norm, scales: TransformerScales, normLimit: number): FinalValues {
  const { finalExponent: exponent, normExponent } = scales;
  const gains = gain.data;
  const biases = bias?.data ?? new Float64Array(gains.length);
  const made = (shift: number) => ({
    gain: Int32Array.from(gains, (g) => Math.round(g * 2 ** (exponent - normExponent + shift))),
    bias: Int32Array.from(biases, (b) => Math.round(b * 2 ** (exponent + shift))),
    shift,
    exponent,
  });
  const fits = (of: FinalValues) => of.gain.every((g, c) => Math.abs(g) * normLimit + Math.abs(of.bias[c]!) <= ACCUMULATOR);
  let shift = 30 - FINAL_BITS;
  while (shift > 1 && !fits(made(shift))) shift--;
  return made(shift);
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
