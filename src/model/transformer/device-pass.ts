/**
 * Inference of consecutive positions on a device, layer by layer, in the integer verbs: the same integers as integer.ts. Keys and values of all positions so far are
 * in a cache, so that a pass may be one position of a generation or a whole text.
 *
 * Rows are the pass's positions. The residual stream is in limbs, [2, rows, width], the high ones first. Values out of their bits are no error here: they miss their
 * tables once they are a witness.
 */
import { type View, viewOf } from "../../tensor/integers.ts";
import { Scratch } from "../device-verbs.ts";
import { causal, type DeviceDecoder, stateSums, sumViews, walk } from "./device-views.ts";
import { partsOf } from "./integer-expressions.ts";
import type { Sizes } from "./layout.ts";
import { type IntegerMatrix, upOf } from "./program.ts";

interface Cells {
  readonly length: number;
}

/** Turned keys [layers, positions, groups * channels], and limbs of values [layers, 2, positions, groups * channels]. */
export interface Cache<C> {
  readonly keys: C;
  readonly values: C;
}

/** What a pass leaves for a witness: the state before a site, and the accumulators of a layer's projections. */
export type Kept = "state" | "query" | "key" | "value" | "output" | "gate" | "up" | "down";

/** Positions first .. first + rows - 1, which read `tokens`, or go on from `state`, the limbs that a segment begins with; `keep` may copy what is left. */
export interface Span<C> {
  readonly first: number;
  readonly rows: number;
  readonly tokens: C;
  readonly state?: C | null;
  readonly keep?: (name: Kept, index: number, column: C) => void;
}

export function emptyCache<C extends Cells>({ device, sizes }: DeviceDecoder<C>): Cache<C> {
  const cells = sizes.layers * sizes.positions * keyCells(sizes);
  return { keys: device.zeros(cells, 1), values: device.zeros(2 * cells, 1) };
}

/** The logits [rows, vocabulary], or the state [2, rows, width] that a segment ends with. */
export function decoderPass<C extends Cells>(decoder: DeviceDecoder<C>, cache: Cache<C>, span: Span<C>): C {
  const { program, sizes, device } = decoder;
  const scratch = new Scratch(device);
  let state = span.state ?? embed(decoder, scratch, span);
  const keep = span.keep ?? (() => {});
  for (let l = 0; l < sizes.layers; l++) {
    keep("state", 2 * l, state);
    const mixed = attend(decoder, scratch, cache, span, l, normalize(decoder, scratch, span, state));
    state = residual(decoder, scratch, span, { name: "output", matrix: program.output, layer: l }, mixed, state);
    keep("state", 2 * l + 1, state);
    const gated = feed(decoder, scratch, span, l, normalize(decoder, scratch, span, state));
    state = residual(decoder, scratch, span, { name: "down", matrix: program.down, layer: l }, gated, state);
    scratch.end([state]);
    scratch.own(state);
  }
  keep("state", 2 * sizes.layers, state);
  if (program.config.part?.last === false) {
    scratch.end([state]);
    return state;
  }
  const head = { outputs: sizes.vocabulary, inputs: sizes.width };
  const logits = products(scratch, decoder.weight("head"), head, normalize(decoder, scratch, span, state), span.rows);
  scratch.end([logits]);
  return logits;
}

/** Cells of a position's keys. */
export function keyCells({ groups, pairs }: Sizes): number {
  return groups * 2 * pairs;
}

/** The rows of the embedding, in limbs. */
function embed<C extends Cells>(
  { weight, expressions, sizes: { width } }: DeviceDecoder<C>,
  verbs: Scratch<C>,
  { rows, tokens }: Span<C>,
): C {
  return verbs.map([2, rows, width], [viewOf(tokens, [rows], [1], 3)], [weight("embedding")], expressions.embedding)[0]!;
}

/** Normalised values [rows, width]. */
function normalize<C extends Cells>(
  { expressions, sizes: { width } }: DeviceDecoder<C>,
  verbs: Scratch<C>,
  { rows }: Span<C>,
  state: C,
): C {
  const limb = (k: number): View<C> => walk(state, 2, [2, rows * width, {}, k], [rows, width, 0], [width, 1, 1]);
  const sums = sumViews(stateSums(verbs, state, rows, width), rows, partsOf(width), 2);
  return verbs.map([rows, width], [limb(0), limb(1), ...sums], [], expressions.normed)[0]!;
}

/** sum_k W_ok x_rk: [rows, outputs]. */
function products<C extends Cells>(
  verbs: Scratch<C>,
  weight: C,
  { outputs, inputs }: Pick<IntegerMatrix, "outputs" | "inputs">,
  x: C,
  rows: number,
): C {
  return verbs.dot([rows, outputs], [inputs], [viewOf(weight, [outputs, inputs], [1, 2], 3), viewOf(x, [rows, inputs], [0, 2], 3)], null);
}

interface Layer {
  readonly name: Kept;
  readonly matrix: IntegerMatrix;
  readonly layer: number;
}

/** Accumulators of one layer's projection. */
function project<C extends Cells>(
  { device, weight }: DeviceDecoder<C>,
  verbs: Scratch<C>,
  { rows, keep }: Span<C>,
  { name, matrix, layer }: Layer,
  x: C,
): C {
  const cells = matrix.outputs * matrix.inputs;
  const out = products(verbs, device.slice(weight(`${name} weight`), layer * cells, cells), matrix, x, rows);
  keep?.(name, layer, out);
  return out;
}

/** The state after a layer's part, from the one before it. */
function residual<C extends Cells>(
  decoder: DeviceDecoder<C>,
  verbs: Scratch<C>,
  span: Span<C>,
  layer: Layer & { readonly name: "output" | "down" },
  x: C,
  state: C,
): C {
  const { width } = decoder.sizes;
  const { rows } = span;
  const accumulators = project(decoder, verbs, span, layer, x);
  const limb = (k: number): View<C> => walk(state, 3, [2, rows * width, {}, k], [rows, width, 1], [width, 1, 2]);
  const views = [limb(0), limb(1), viewOf(accumulators, [rows, width], [1, 2], 3)];
  return verbs.map([2, rows, width], views, [], decoder.expressions[layer.name])[0]!;
}

/** The views of a turn at (layer, row, head, pair, half): both halves of a pair, and the turn's two factors. */
export function turnViews<C>(
  accumulators: C,
  rotation: C,
  sizes: Sizes,
  heads: number,
  rows: number,
  first: number,
  layers = 1,
): View<C>[] {
  const { pairs, positions } = sizes;
  const channels = 2 * pairs;
  const half = (k: number): View<C> =>
    walk(
      accumulators,
      5,
      [layers, rows * heads * channels, 0],
      [rows, heads * channels, 1],
      [heads, channels, 2],
      [pairs, 2, 3],
      [2, 1, {}, k],
    );
  const factor = (k: number): View<C> => walk(rotation, 5, [positions, 4 * pairs, 1, first], [pairs, 4, 3], [2, 2, 4], [2, 1, {}, k]);
  return [half(0), half(1), factor(0), factor(1)];
}

/** Rounded means of the values [rows, heads * channels]; the span's keys and values are in the cache afterwards. */
function attend<C extends Cells>(decoder: DeviceDecoder<C>, verbs: Scratch<C>, cache: Cache<C>, span: Span<C>, l: number, y: C): C {
  const { device, program, sizes, weight, expressions } = decoder;
  const { groups, members, pairs, positions } = sizes;
  const { first, rows } = span;
  const [channels, keys, heads] = [2 * pairs, keyCells(sizes), groups * members];
  const turn = (name: "query" | "key", count: number): C => {
    const accumulators = project(decoder, verbs, span, { name, matrix: program[name], layer: l }, y);
    const views = turnViews(accumulators, weight("rotation"), sizes, count, rows, first);
    return verbs.map([1, rows, count, pairs, 2], views, [], expressions[name])[0]!;
  };
  const query = turn("query", heads);
  const key = turn("key", groups);
  const accumulators = project(decoder, verbs, span, { name: "value", matrix: program.value, layer: l }, y);
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
  const visible = walk(scores, 3, [rows, heads * others, 0], [heads, others, 1], [others, 1, 2], causal(others, 0, 2, first));
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

/** round(activation(gate) up / 2^gatedShift): [rows, hidden]. */
function feed<C extends Cells>(decoder: DeviceDecoder<C>, verbs: Scratch<C>, span: Span<C>, l: number, y: C): C {
  const { program, sizes, weight, expressions } = decoder;
  const views = (["gate", "up"] as const).map((name) => {
    const accumulators = project(decoder, verbs, span, { name, matrix: name === "up" ? upOf(program) : program[name], layer: l }, y);
    return viewOf(accumulators, [span.rows * sizes.hidden]);
  });
  return verbs.map([span.rows * sizes.hidden], views, [weight("activation")], expressions.gated)[0]!;
}
