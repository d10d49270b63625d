/** Products with a layer's weights on a device. */
import { type View, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import { type DeviceTransformer, layerView } from "./device-views.ts";
import type { IntegerMatrix } from "./program.ts";

interface Cells {
  readonly length: number;
}

/** What a pass leaves for a witness: the state before a site, and the accumulators of a layer's projections with all that is in their sums. */
export type Kept = "state" | "query" | "key" | "value" | "output" | "gate" | "up" | "down";

/** Positions first .. first + rows - 1, which read `tokens`, or go on from `state`, the limbs that a segment begins with; `keep` may copy what is left. */
export interface Span<C> {
  readonly first: number;
  readonly rows: number;
  readonly tokens: C;
  readonly state?: C | null;
  readonly keep?: (name: Kept, index: number, column: C) => void;
}

/** One layer's matrix. */
export interface Layer {
  readonly name: Kept;
  readonly matrix: IntegerMatrix;
  readonly layer: number;
}

/** sum_k W_ok x_rk + initial_ro: [rows, outputs]. `initial` is a view at (row, output, input). */
export function products<C extends Cells>(
  verbs: Scratch<C>,
  weight: C,
  { outputs, inputs }: Pick<IntegerMatrix, "outputs" | "inputs">,
  x: C,
  rows: number,
  initial: View<C> | null,
): C {
  return verbs.dot(
    [rows, outputs],
    [inputs],
    [viewOf(weight, [outputs, inputs], [1, 2], 3), viewOf(x, [rows, inputs], [0, 2], 3)],
    initial,
  );
}

/** Accumulators of one layer's projection. Without `initial` its bias is added, if it has one. */
export function project<C extends Cells>(
  { device, weight, sizes }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  { rows, keep }: Span<C>,
  { name, matrix, layer }: Layer,
  x: C,
  initial: View<C> | null = null,
): C {
  const cells = matrix.outputs * matrix.inputs;
  const added = initial ?? (matrix.bias ? layerView(weight(`${name} bias`), sizes.layers, matrix.outputs, layer) : null);
  const out = products(verbs, device.slice(weight(`${name} weight`), layer * cells, cells), matrix, x, rows, added);
  keep?.(name, layer, out);
  return out;
}
