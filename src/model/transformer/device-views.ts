/** Views of a transformer's tensors on a device, and the sums that a norm begins with. */
import type { IntegerVerbs, View } from "../../tensor/integers.ts";
import type { WitnessDevice } from "../device-verbs.ts";
import type { PassExpressions } from "./device-expressions.ts";
import type { Sizes } from "./layout.ts";
import { partsOf } from "./norm-expressions.ts";
import type { TransformerProgram } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** A transformer on a device: its sizes, tables and committed weights, by the names of their columns. */
export interface DeviceTransformer<C extends { readonly length: number }> {
  readonly device: WitnessDevice<C>;
  readonly program: TransformerProgram;
  readonly sizes: Sizes;
  /** How many positions all of an encoder's see; null for a decoder's, which see those up to themselves. */
  readonly present: number | null;
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

/** The last dimension of scores, along loop `other`: inside where position `own`, which begins at `first`, sees the other one. */
export function seen(present: number | null, others: number, own: number, other: number, first = 0): readonly Dimension[] {
  if (present !== null) return [[present, 1, other]];
  return [
    [others, 1, other],
    [others, 0, { [own]: 1, [other]: -1 }, first],
  ];
}

/** One layer's values of a weight [layers, values], along loop 1 of 3. */
export function layerView<C>(weight: C, layers: number, values: number, layer: number): View<C> {
  return walk(weight, 3, [layers, values, {}, layer], [values, 1, 1]);
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
