/**
 * Exact integer computations on tensors, as data: what a network's witness is made of, in four forms that no operator adds to. Operators name them, backends
 * compute them.
 *
 * A cell is a signed integer |v| < 2^30, held as the canonical word v mod p. Cells are read through *views*, whose coordinates are affine in the loop indices;
 * so broadcasting, transposing and sliding windows are not computations. Intermediate values stay below 2^31.
 */

/** One dimension of a viewed tensor: coordinate = offset + sum_k steps_k index_k. */
export interface Coordinate {
  /** Coordinates outside [0, size) read 0. */
  readonly size: number;
  /** Cells between neighbours. */
  readonly stride: number;
  readonly offset: number;
  /** One a loop index. */
  readonly steps: readonly number[];
}

/** cells[sum_d stride_d coordinate_d], 0 where a coordinate is outside. `C` is a device's handle of cells. */
export interface View<C> {
  readonly cells: C;
  readonly coordinates: readonly Coordinate[];
}

/** A function of the views at one loop index; every value is an integer |v| < 2^31. An expression that is used twice is computed once. */
export type Expression =
  /** The value of a view, and 1 or 0: whether it is inside. */
  | { readonly kind: "cell" | "inside"; readonly view: number }
  | { readonly kind: "constant"; readonly value: number }
  /** The loop index itself. */
  | { readonly kind: "index"; readonly of: number }
  /** Sum, difference, product, minimum, maximum; 1 or 0 for left < right, left = right. */
  | { readonly kind: Binary; readonly left: Expression; readonly right: Expression }
  /** floor(of / by), by >= 1. */
  | { readonly kind: "quotient"; readonly of: Expression; readonly by: number }
  /** tables[table][index], 0 outside the table. */
  | { readonly kind: "entry"; readonly table: number; readonly index: Expression };

export type Binary = "add" | "subtract" | "multiply" | "least" | "greatest" | "less" | "equal";

/** The computations. Loops run over all indices below `sizes`, row-major, and `over` for each of them; steps of a view are in this order. */
export interface IntegerVerbs<C> {
  /** initial + sum over `over` of the product of one or two factors, one cell an index below `sizes`. `initial` has no steps along `over`; null is 0. */
  dot(sizes: readonly number[], over: readonly number[], factors: readonly View<C>[], initial: View<C> | null): C;
  /** The largest cell inside, and its row-major index in `over`, the lowest where several are; at least one is inside. */
  largest(sizes: readonly number[], over: readonly number[], view: View<C>): { readonly values: C; readonly indices: C };
  /** One column for every expression. */
  map(sizes: readonly number[], views: readonly View<C>[], tables: readonly C[], outputs: readonly Expression[]): C[];
  /** size + 1 cells: how many cells of all columns are start + k, for k < size; last, how many are none of these. */
  histogram(columns: readonly C[], start: number, size: number): C;
}

/** The view of a row-major tensor whose dimension d is loop index along[d], of `indices` in all. A size of 1 is repeated along its index. */
export function viewOf<C>(cells: C, shape: readonly number[], along = shape.map((_, d) => d), indices = shape.length): View<C> {
  let stride = 1;
  const coordinates: Coordinate[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d] ?? 1;
    const steps = Array.from({ length: indices }, (_, k) => (k === along[d] && size > 1 ? 1 : 0));
    coordinates.unshift({ size, stride, offset: 0, steps });
    stride *= size;
  }
  return { cells, coordinates };
}

/** The view of one cell, the same at every index. */
export function single<C>(cells: C): View<C> {
  return { cells, coordinates: [] };
}

export const cell = (view: number): Expression => ({ kind: "cell", view });
export const inside = (view: number): Expression => ({ kind: "inside", view });
export const index = (of: number): Expression => ({ kind: "index", of });
export const constant = (value: number): Expression => ({ kind: "constant", value });
export const entry = (table: number, index: Expression): Expression => ({ kind: "entry", table, index });
/** floor(of / by); `of` itself for 1. */
export const quotient = (of: Expression, by: number): Expression => (by === 1 ? of : { kind: "quotient", of, by });
/** Shorthands; numbers are constants. */
export const add = binary("add");
export const subtract = binary("subtract");
export const multiply = binary("multiply");
export const least = binary("least");
export const greatest = binary("greatest");
export const less = binary("less");
export const equal = binary("equal");

function binary(kind: Binary): (left: Expression, right: Expression | number) => Expression {
  return (left, right) => ({ kind, left, right: typeof right === "number" ? constant(right) : right });
}
