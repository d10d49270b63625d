/** Sums and extremes of functions of a tensor's cells along some of its dimensions, without a copy of the tensor: weights are its largest. */
import { cellsOf } from "./types.ts";

/** A combination of numbers in any order, with the one to begin with. */
export interface Reduction {
  readonly start: number;
  readonly combine: (a: number, b: number) => number;
}

export const SUM: Reduction = { start: 0, combine: (a, b) => a + b };
export const LEAST: Reduction = { start: Number.POSITIVE_INFINITY, combine: (a, b) => Math.min(a, b) };
export const MOST: Reduction = { start: Number.NEGATIVE_INFINITY, combine: (a, b) => Math.max(a, b) };

/**
 * `of(cell, its index)` combined along the dimensions `over`, for every index of the others, row-major.
 * @param cells of a shape, row-major
 */
export function reduceAlong(
  cells: ArrayLike<number>,
  shape: readonly number[],
  over: readonly boolean[],
  of: (cell: number, i: number) => number,
  { start, combine }: Reduction,
): Float64Array {
  const kept = shape.filter((_, d) => !over[d]);
  const strides = shape.map((_, d) => (over[d] ? 0 : cellsOf(shape.filter((__, e) => e > d && !over[e]))));
  const out = new Float64Array(cellsOf(kept)).fill(start);
  const inner = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  const index = shape.slice(0, -1).map(() => 0);
  for (let i = 0; i < cells.length; ) {
    let at = 0;
    for (let d = 0; d < index.length; d++) at += index[d]! * strides[d]!;
    for (let k = 0; k < inner; k++, i++, at += step) out[at] = combine(out[at]!, of(cells[i]!, i));
    for (let d = index.length - 1; d >= 0; d--) {
      index[d] = index[d]! + 1;
      if (index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return out;
}
