/** The attention of a pass on a device, with a cache of keys and values. */
import { type View, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import { headsOf, scoredColumns } from "./device-heads.ts";
import { project, type Span } from "./device-projection.ts";
import { type DeviceTransformer, seen, walk } from "./device-views.ts";
import type { Sizes } from "./layout.ts";

interface Cells {
  readonly length: number;
}

/** Keys as scores read them [layers, positions, groups * channels], and limbs of values [layers, 2, positions, groups * channels]. */
export interface Cache<C> {
  readonly keys: C;
  readonly values: C;
}

export function emptyCache<C extends Cells>({ device, sizes }: DeviceTransformer<C>): Cache<C> {
  const cells = sizes.layers * sizes.positions * keyCells(sizes);
  return { keys: device.zeros(cells, 1), values: device.zeros(2 * cells, 1) };
}

/** Cells of a position's keys. */
export function keyCells({ groups, pairs }: Sizes): number {
  return groups * 2 * pairs;
}

/** Rounded means of the values [rows, heads * channels]; the span's keys and values are in the cache afterwards. */
export function attend<C extends Cells>(
  model: DeviceTransformer<C>,
  verbs: Scratch<C>,
  cache: Cache<C>,
  span: Span<C>,
  l: number,
  y: C,
): C {
  const { device, program, sizes, present, weight, expressions } = model;
  const { groups, members, pairs, positions } = sizes;
  const { first, rows } = span;
  const [channels, keys, heads] = [2 * pairs, keyCells(sizes), headsOf(model, "query")];
  const scored = (name: "query" | "key"): C => {
    const accumulators = project(model, verbs, span, { name, matrix: program[name], layer: l }, y);
    const { flat, turned } = scoredColumns(model, verbs, name, accumulators, { layer: l, layers: 1, first, rows }, expressions[name]);
    return turned[0] ?? flat[0]!;
  };
  const query = scored("query");
  const key = scored("key");
  const accumulators = project(model, verbs, span, { name: "value", matrix: program.value, layer: l }, y);
  const limbs = verbs.map([rows * keys], [viewOf(accumulators, [rows * keys])], [], expressions.value);
  // one after the other, so that a device can do them together
  device.place(cache.keys, (l * positions + first) * keys, key, 0, [rows * keys], [1]);
  for (const [k, limb] of limbs.entries())
    device.place(cache.values, ((2 * l + k) * positions + first) * keys, limb, 0, [rows * keys], [1]);

  const others = first + rows;
  const layerKeys = device.slice(cache.keys, l * positions * keys, others * keys);
  const scores = verbs.dot(
    [rows, groups, members, others],
    [channels],
    [viewOf(query, [rows, groups, members, channels], [0, 1, 2, 4], 5), viewOf(layerKeys, [others, groups, channels], [3, 1, 4], 5)],
    null,
  );
  const visible = walk(scores, 3, [rows, heads * others, 0], [heads, others, 1], ...seen(present, others, 0, 2, first));
  const { values: most } = verbs.largest([rows, heads], [others], visible);
  const [exps] = verbs.map(
    [rows, heads, others],
    [visible, viewOf(most, [rows, heads], [0, 1], 3)],
    [weight("table scores 1")],
    expressions.exp,
  );
  const sums = verbs.dot([rows, heads], [others], [viewOf(exps!, [rows, heads, others])], null);
  const layerValues = device.slice(cache.values, 2 * l * positions * keys, 2 * positions * keys);
  const totals = verbs.dot(
    [2, rows, groups, members, channels],
    [others],
    [
      viewOf(exps!, [rows, groups, members, others], [1, 2, 3, 5], 6),
      walk(layerValues, 6, [2, positions * keys, 0], [others, keys, 5], [groups, channels, 2], [channels, 1, 4]),
    ],
    null,
  );
  const total = (k: number): View<C> => walk(totals, 2, [2, rows * heads * channels, {}, k], [rows * heads, channels, 0], [channels, 1, 1]);
  const views = [total(0), total(1), walk(sums, 2, [rows * heads, 1, 0])];
  return verbs.map([rows * heads, channels], views, [], expressions.mixed)[0]!;
}
