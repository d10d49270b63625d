/** Views of a transformer's tensors on a device, and the sums that a norm begins with. */
import { type IntegerVerbs, type View, viewOf } from "../../tensor/integers.ts";
import type { WitnessDevice } from "../device-verbs.ts";
import type { PassExpressions } from "./device-expressions.ts";
import type { Sizes } from "./layout.ts";
import { SUMS } from "./norm-expressions.ts";
import type { TransformerProgram } from "./program.ts";
import { epsilonLimbs } from "./program.ts";
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
  /** Tables of the activation, of every gate from the lowest on: its values if the model is gated, their limbs otherwise. */
  readonly activation: readonly C[];
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

/** Rows of states: those of one site along loop 0 of `loops`, or all positions of all sites along loops 0 and 1. */
export type StateRows = { readonly rows: number; readonly site: number; readonly loops: number } | "all";

/** Views of what `roots` takes of a state [2, rows, width]. */
export function sumViews<C extends { readonly length: number }>(
  { device, program, sizes, weight, expressions }: DeviceTransformer<C>,
  verbs: IntegerVerbs<C>,
  state: C,
  of: StateRows,
): View<C>[] {
  const rows = of === "all" ? sizes.sites * sizes.positions : of.rows;
  const shape = [2, rows, sizes.width];
  const weighted = program.channelSquares
    ? device.map(shape, [viewOf(state, shape), viewOf(weight("channel squares"), [sizes.width], [2], 3)], [], expressions.weighted)[0]!
    : null;
  const sums = verbs.dot(
    [2, 2, rows],
    [sizes.width],
    [viewOf(weighted ?? state, shape, [0, 2, 3], 4), viewOf(state, shape, [1, 2, 3], 4)],
    null,
  );
  if (weighted) device.free(weighted);
  const loops = of === "all" ? 2 : of.loops;
  const steps = of === "all" ? { 0: sizes.positions, 1: 1 } : 0;
  const epsilon = epsilonLimbs(program);
  const differing = (["low", "high"] as const).filter((name) => !epsilon[name].isCommon);
  return [
    ...SUMS.map(([k, m]) => walk(sums, loops, [4 * rows, 1, steps, (2 * k + m) * rows])),
    ...differing.map((name) =>
      walk(weight(`epsilon, ${name}`), loops, [sizes.sites, 1, of === "all" ? 0 : {}, of === "all" ? 0 : of.site]),
    ),
  ];
}
