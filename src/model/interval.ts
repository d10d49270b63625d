/**
 * Interval arithmetic on whole tensors: the smallest and largest value that each cell of an integer program can take. Doubles that hold integers below 2^53, so exact.
 */
import { forEachWindowCell } from "../ops/maxpool.ts";
import { roundShift } from "../ops/requantize.ts";
import type { Window } from "../ops/window.ts";
import { type IntTensor, type Shape, sizeOf, transposedIndices } from "../tensor/tensor.ts";
import { addConv, addMatmul } from "./kernels.ts";

/** Cell i lies in [low[i], high[i]]. */
export interface Box {
  readonly shape: Shape;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export type Interval = readonly [number, number];

/** A box of equal cells. */
export function uniformBox(shape: Shape, [low, high]: Interval): Box {
  return { shape, low: new Float64Array(sizeOf(shape)).fill(low), high: new Float64Array(sizeOf(shape)).fill(high) };
}

/** The smallest and the largest cell. */
export function hull(box: Box): Interval {
  return [box.low.reduce((a, b) => Math.min(a, b)), box.high.reduce((a, b) => Math.max(a, b))];
}

/** The accumulators of a MatMul, or of a Conv if there is a window. */
export function sumBox(weight: IntTensor, bias: IntTensor | null, window: Window | null, x: Box, shape: Shape): Box {
  const size = sizeOf(shape);
  const outputs = weight.shape[0] ?? 1;
  const start = new Float64Array(size).map((_, i) => bias?.data[window ? Math.floor((i * outputs) / size) : i % outputs] ?? 0);
  const positive = weight.data.map((w) => Math.max(w, 0));
  const negative = weight.data.map((w) => Math.min(w, 0));
  const total = (forPositive: Float64Array, forNegative: Float64Array): Float64Array => {
    const out = start.slice();
    for (const [w, v] of [
      [positive, forPositive],
      [negative, forNegative],
    ] as const) {
      if (window) addConv(out, shape, window, w, v, x.shape);
      else addMatmul(out, w, weight.shape, v);
    }
    return out;
  };
  return { shape, low: total(x.low, x.high), high: total(x.high, x.low) };
}

/**
 * The accumulators of a MatMul over frequencies: the input's cells fall into groups of these sizes, and a group's cells are a rounding of numbers >= 0 that sum to at
 * most `total`. Then sum_k w_k x_k <= sum over groups of total max(0, max w) + sum_k |w_k| / 2, and likewise from below.
 */
export function frequencyBox(weight: IntTensor, bias: IntTensor | null, groups: readonly number[], total: number): Box {
  const [outputs = 0, inner = 0] = weight.shape;
  const low = new Float64Array(outputs);
  const high = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let k = o * inner;
    let half = 0;
    for (const size of groups) {
      const row = weight.data.subarray(k, k + size);
      low[o] = low[o]! + total * row.reduce((a, w) => Math.min(a, w), 0);
      high[o] = high[o]! + total * row.reduce((a, w) => Math.max(a, w), 0);
      half += row.reduce((a, w) => a + Math.abs(w), 0) / 2;
      k += size;
    }
    low[o] = Math.floor(low[o]! - half) + (bias?.data[o] ?? 0);
    high[o] = Math.ceil(high[o]! + half) + (bias?.data[o] ?? 0);
  }
  return { shape: [outputs], low, high };
}

/** What a sum of this weight can reach if all that is known of its inputs is one interval: what the no-wrap check sees (SPEC §4.5). */
export function forcedSum(weight: IntTensor, bias: IntTensor | null, input: Interval): Interval {
  const outputs = weight.shape[0] ?? 1;
  const inner = weight.data.length / outputs;
  const [x0, x1] = [Math.min(0, input[0]), Math.max(0, input[1])];
  let low = 0;
  let high = 0;
  let k = 0;
  for (let o = 0; o < outputs; o++) {
    let l = 0;
    let h = 0;
    for (const end = k + inner; k < end; k++) {
      const w = weight.data[k]!;
      l += w > 0 ? w * x0 : w * x1;
      h += w > 0 ? w * x1 : w * x0;
    }
    low = Math.min(low, l);
    high = Math.max(high, h);
  }
  const biases = bias ? hull({ shape: [], low: Float64Array.from(bias.data), high: Float64Array.from(bias.data) }) : [0, 0];
  return [low + Math.min(0, biases[0]!), high + Math.max(0, biases[1]!)];
}

/** Both ends through a function that never decreases. */
export function mapBox(box: Box, f: (v: number) => number): Box {
  return { shape: box.shape, low: box.low.map(f), high: box.high.map(f) };
}

/** The rounded accumulators. */
export function roundBox(box: Box, shift: number): Box {
  return mapBox(box, (v) => roundShift(v, shift));
}

/** A pooled box: the largest of each window, or its rounded mean. */
export function poolBox(kind: "maxpool" | "averagepool", window: Window, x: Box, shape: Shape): Box {
  const size = window.kernel[0] * window.kernel[1];
  const pooled = (values: Float64Array): Float64Array => {
    const out = new Float64Array(sizeOf(shape)).fill(kind === "maxpool" ? Number.NEGATIVE_INFINITY : 0);
    forEachWindowCell(window, x.shape, shape, (to, from) => {
      out[to] = kind === "maxpool" ? Math.max(out[to]!, values[from]!) : out[to]! + values[from]!;
    });
    return kind === "maxpool" ? out : out.map((sum) => Math.floor((sum + Math.floor(size / 2)) / size));
  };
  return { shape, low: pooled(x.low), high: pooled(x.high) };
}

/** A transposed box. */
export function transposeBox(box: Box, permutation: readonly number[], shape: Shape): Box {
  const indices = transposedIndices(box.shape, permutation);
  return { shape, low: Float64Array.from(indices, (i) => box.low[i]!), high: Float64Array.from(indices, (i) => box.high[i]!) };
}
