/** Views of a decoder's tensors on a device, and the sums that a norm begins with. */
import type { IntegerVerbs, View } from "../../tensor/integers.ts";
import type { WitnessDevice } from "../device-verbs.ts";
import type { PassExpressions } from "./device-expressions.ts";
import { partsOf } from "./integer-expressions.ts";
import type { Sizes } from "./layout.ts";
import type { TransformerProgram } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** A decoder on a device: its sizes, tables and committed weights, by the names of their columns. */
export interface DeviceDecoder<C extends { readonly length: number }> {
  readonly device: WitnessDevice<C>;
  readonly program: TransformerProgram;
  readonly sizes: Sizes;
  readonly scores: ScoreTable;
  readonly weight: (name: string) => C;
  readonly expressions: PassExpressions;
}

/** Size and stride of a dimension, the loop that walks it, or several with their steps, and where it begins. */
export type Dimension = readonly [size: number, stride: number, along: number | Readonly<Record<number, number>>, offset?: number];

/** A view of `loops` loops, dimension by dimension. */
export function walk<C>(cells: C, loops: number, ...dimensions: readonly Dimension[]): View<C> {
  return {
    cells,
    coordinates: dimensions.map(([size, stride, along, offset = 0]) => ({
      size,
      stride,
      offset,
      steps: Array.from({ length: loops }, (_, k) => (typeof along === "number" ? (k === along ? 1 : 0) : (along[k] ?? 0))),
    })),
  };
}

/** The dimension that is inside where other position `other` is no later than position `own`, which begins at `first`. */
export function causal(others: number, own: number, other: number, first = 0): Dimension {
  return [others, 0, { [own]: 1, [other]: -1 }, first];
}

/** Sums of products of the limbs of a state [2, rows, width]: [2, 2, rows, parts]. */
export function stateSums<C>(verbs: IntegerVerbs<C>, state: C, rows: number, width: number): C {
  const parts = partsOf(width);
  const length = Math.ceil(width / parts);
  const limb = (loop: number): View<C> => walk(state, 5, [2, rows * width, loop], [rows, width, 2], [width, 1, { 3: length, 4: 1 }]);
  return verbs.dot([2, 2, rows, parts], [length], [limb(0), limb(1)], null);
}

/** Views of those sums, one row's along loop 0 of `loops`. */
export function sumViews<C>(sums: C, rows: number, parts: number, loops: number): View<C>[] {
  const places = [0, 1, 3].flatMap((pair) => Array.from({ length: parts }, (_, part) => pair * rows * parts + part));
  return places.map((place) => walk(sums, loops, [4 * rows * parts, 1, { 0: parts }, place]));
}
