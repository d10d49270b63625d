/**
 * Queries and keys on a device, from their projections' accumulators [layers, rows, heads, channels]: rounded, normalised by heads, turned, each if the model does
 * so. A pass makes the values of one layer, a trace those of all layers with what their roundings lose.
 */
import { type View, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import type { Scored, ScoredExpressions } from "./device-expressions.ts";
import { type DeviceTransformer, walk } from "./device-views.ts";

/** Of which layers and positions accumulators are. */
export interface Block {
  readonly layer: number;
  readonly layers: number;
  readonly first: number;
  readonly rows: number;
}

/** A column for every expression. */
export function scoredColumns<C extends { readonly length: number }>(
  model: DeviceTransformer<C>,
  verbs: Scratch<C>,
  name: "query" | "key",
  accumulators: C,
  block: Block,
  expressions: ScoredExpressions,
): Scored<C> {
  const { program, sizes, weight } = model;
  const { layer, layers, rows } = block;
  const heads = headsOf(model, name);
  const channels = 2 * sizes.pairs;
  const turn = (x: C): C[] => {
    const views = (): View<C>[] => turnViews(model, heads, x, weight(program.headNorms ? `${name} rotation` : "rotation"), block);
    return expressions.turned.length === 0 ? [] : verbs.map([layers, rows, heads, sizes.pairs, 2], views(), [], expressions.turned);
  };

  const cells = [layers * rows * heads * channels];
  const flat = expressions.flat.length === 0 ? [] : verbs.map(cells, [viewOf(accumulators, cells)], [], expressions.flat);
  if (!program.headNorms) return { flat, root: [], normed: [], turned: turn(accumulators) };
  const squares = verbs.dot(
    [layers, rows, heads],
    [channels],
    [viewOf(flat[0]!, [layers, rows, heads, channels]), viewOf(flat[0]!, [layers, rows, heads, channels])],
    walk(weight(`${name} norm epsilon`), 4, [sizes.layers, heads, 0, layer], [heads, 1, 2]),
  );
  const n = layers * rows * heads;
  const root = verbs.map([n], [viewOf(squares, [n])], [], expressions.root);
  const normed = verbs.map([n, channels], [viewOf(flat[0]!, [n, channels]), viewOf(root[0]!, [n], [0], 2)], [], expressions.normed);
  return { flat, root, normed, turned: turn(normed[0]!) };
}

/** How many heads queries or keys have. */
export function headsOf<C extends { readonly length: number }>({ sizes }: DeviceTransformer<C>, name: "query" | "key"): number {
  return name === "query" ? sizes.groups * sizes.members : sizes.groups;
}

/** The views of a turn at (layer, row, head, pair, half): both halves of a pair, and the turn's two factors, which layers share unless a norm's gains are in them. */
function turnViews<C extends { readonly length: number }>(
  { program, sizes }: DeviceTransformer<C>,
  heads: number,
  x: C,
  rotation: C,
  { layer, layers, first, rows }: Block,
): View<C>[] {
  const { pairs, positions } = sizes;
  const channels = 2 * pairs;
  const half = (k: number): View<C> =>
    walk(x, 5, [layers, rows * heads * channels, 0], [rows, heads * channels, 1], [heads, channels, 2], [pairs, 2, 3], [2, 1, {}, k]);
  const own = program.headNorms ? [[sizes.layers, positions * 4 * pairs, 0, layer] as const] : [];
  const factor = (k: number): View<C> =>
    walk(rotation, 5, ...own, [positions, 4 * pairs, 1, first], [pairs, 4, 3], [2, 2, 4], [2, 1, {}, k]);
  return [half(0), half(1), factor(0), factor(1)];
}
