/**
 * Float matrices to integer ones. A matrix takes as many bits as its accumulator holds: for every row the largest sum, by L1 norm and largest input or by Euclidean
 * lengths, stays below the limit.
 */
import { ModelError } from "../../errors.ts";
import type { Length } from "../../system/bounds.ts";
import { type Rows, type Scaled, scaledRows } from "./fold.ts";
import type { IntegerMatrix, Skip } from "./program.ts";
import type { LayerRange } from "./segment.ts";

/** An accumulator's largest absolute value: as much again is left for its rounded result. */
export const ACCUMULATOR = 2 ** 30;
export const MAX_SHIFT = 16;
/** Weights are single words of at most this many bits. */
const MAX_WEIGHT = 2 ** 20;

/** What a matrix maps: real input = integer / inputScale, likewise its output. */
export interface Mapping {
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

/** The largest shift, at most 16 or what the mapping says, at which every row's accumulator stays inside its limit, in all layers. One layer is in memory at a time. */
export function shiftOf(name: string, mapping: Mapping): number {
  const { layers, mostShift = MAX_SHIFT } = mapping;
  const largest = layers.reduce((most, _, l) => Math.max(most, largestSum(layerRows(mapping, l), mapping, l, 1)), 0);
  let shift = 1;
  while (shift < mostShift && largest * 2 ** shift <= ACCUMULATOR) shift++;
  for (; shift > 0; shift--)
    if (layers.every((_, l) => roundedLayer(layerRows(mapping, l), mapping, l, 2 ** shift).most <= ACCUMULATOR)) return shift;
  throw new ModelError(`${name} does not fit its accumulator at any shift`);
}

/** The matrices of a range of layers at a shift. */
export function matrixOf(
  mapping: Mapping,
  shift: number,
  { from, to }: LayerRange,
): { readonly matrix: IntegerMatrix; readonly skip?: Skip } {
  const made = Array.from({ length: to - from }, (_, k) => roundedLayer(layerRows(mapping, from + k), mapping, from + k, 2 ** shift));
  const { outputs, inputs, bias } = mapping.layers[from]!();
  const plain = { outputs, inputs, weight: joined(made.map((m) => m.weight)), shift };
  const matrix = bias ? { ...plain, bias: joined(made.map((m) => m.bias)) } : plain;
  return mapping.skipLimit
    ? { matrix, skip: { gain: joined(made.map((m) => m.gain)), mean: joined(made.map((m) => m.mean)) } }
    : { matrix };
}

function layerRows({ layers, inputScale, outputScale }: Mapping, l: number): Scaled {
  return scaledRows(
    layers[l]!(),
    (o) => outputScale(l, o),
    (i) => 1 / inputScale(l, i),
  );
}

/** One layer in integers, and the largest absolute sum that an accumulator can have; infinite if a weight is too large. */
export function roundedLayer({ outputs, inputs, weight, bias }: Scaled, mapping: Mapping, l: number, scale: number) {
  const skip = mapping.skipLimit ? mapping.skip?.(l) : undefined;
  let fits = true;
  const round = (values: Float64Array, limit: number): Int32Array => {
    const out = new Int32Array(values.length);
    for (let k = 0; k < out.length; k++) {
      const v = Math.round(values[k]! * scale);
      if (!(Math.abs(v) < limit)) fits = false; // before a word cuts it, and if it is no number
      out[k] = v;
    }
    return out;
  };
  const made = {
    weight: round(weight, MAX_WEIGHT),
    bias: round(bias, ACCUMULATOR),
    gain: round(skip?.gain ?? new Float64Array(), MAX_WEIGHT),
    mean: round(skip?.mean ?? new Float64Array(), MAX_WEIGHT),
  };
  return { ...made, most: fits ? largestOf({ outputs, inputs, ...made }, mapping) : Number.POSITIVE_INFINITY };
}

/** The largest absolute sum of a layer before rounding. */
export function largestSum(rows: Scaled, mapping: Mapping, l: number, scale: number): number {
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

/** Rounded numbers as words. @throws ModelError naming them if one is larger than they can be, or no number */
export function integersOf(name: string, values: ArrayLike<number>, most = ACCUMULATOR - 1): Int32Array {
  return Int32Array.from(values, (v) => {
    const integer = Math.round(v);
    if (!(Math.abs(integer) <= most)) throw new ModelError(`${name} has the value ${v}, too large at its scale`);
    return integer;
  });
}

export function joined(parts: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
