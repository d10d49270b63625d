/**
 * Inference of consecutive positions on a device, layer by layer, in the integer verbs: the same integers as integer.ts. Keys and values of all positions so far are
 * in a cache, so that a pass may be one position of a generation or a whole text.
 *
 * Rows are the pass's positions. The residual stream is in limbs, [2, rows, width], the high ones first. Values out of their bits are no error here: they miss their
 * tables once they are a witness.
 */
import { type View, viewOf } from "../../tensor/integers.ts";
import { Scratch } from "../device-verbs.ts";
import { attend, type Cache } from "./device-attention.ts";
import { type Layer, products, project, type Span } from "./device-projection.ts";
import { type DeviceTransformer, layerView, sumViews, walk } from "./device-views.ts";
import { hasMean } from "./program.ts";

interface Cells {
  readonly length: number;
}

/** The state after all layers, which is the caller's. */
export function passLayers<C extends Cells>(model: DeviceTransformer<C>, cache: Cache<C>, span: Span<C>): C {
  const { program, sizes, device } = model;
  const scratch = new Scratch(device);
  let state = span.state ?? embed(model, scratch, span);
  for (let l = 0; l < sizes.layers; l++) {
    span.keep?.("state", 2 * l, state);
    const read = normalize(model, scratch, span.rows, 2 * l, state);
    const mixed = attend(model, scratch, cache, span, l, read);
    state = residual(model, scratch, span, { name: "output", matrix: program.output, layer: l }, mixed, read, state);
    span.keep?.("state", 2 * l + 1, state);
    const y = normalize(model, scratch, span.rows, 2 * l + 1, state);
    state = residual(model, scratch, span, { name: "down", matrix: program.down, layer: l }, feed(model, scratch, span, l, y), y, state);
    scratch.end([state]);
    scratch.own(state);
  }
  span.keep?.("state", 2 * sizes.layers, state);
  scratch.end([state]);
  return state;
}

/** The logits [rows, vocabulary] of states after all layers. */
export function logitsOf<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, rows: number, state: C): C {
  const { program, sizes, weight } = model;
  const head = { outputs: sizes.vocabulary, inputs: sizes.width };
  const bias = program.headBias ? layerView(weight("head bias"), 1, sizes.vocabulary, 0) : null;
  return products(verbs, weight("head"), head, normalize(model, verbs, rows, 2 * sizes.layers, state), rows, bias);
}

/** The rows of the embedding, and of the positions if they are learned, in limbs. */
function embed<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, { first, rows, tokens }: Span<C>): C {
  const { program, weight, expressions, sizes } = model;
  const { positions, width } = sizes;
  const views = [viewOf(tokens, [rows], [1], 3)];
  if (program.positionEmbedding) views.push(walk(weight("position embedding"), 3, [positions, width, 1, first], [width, 1, 2]));
  return verbs.map([2, rows, width], views, [weight("embedding")], expressions.embedding)[0]!;
}

/** Normalised values [rows, width]. */
function normalize<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, rows: number, site: number, state: C): C {
  const { expressions, sizes } = model;
  const { width } = sizes;
  const limb = (k: number): View<C> => walk(state, 2, [2, rows * width, {}, k], [rows, width, 0], [width, 1, 1]);
  const sums = sumViews(model, verbs, state, { rows, site, loops: 2 });
  return verbs.map([rows, width], [limb(0), limb(1), ...sums], [], expressions.normed)[0]!;
}

type ResidualLayer = Layer & { readonly name: "output" | "down" };

/** The state after a layer's part, from what the part made of y, the normalised state before it, and that state. */
function residual<C extends Cells>(
  model: DeviceTransformer<C>,
  verbs: Scratch<C>,
  span: Span<C>,
  layer: ResidualLayer,
  x: C,
  y: C,
  state: C,
): C {
  const { program, expressions, sizes, weight } = model;
  const { width } = sizes;
  const { rows } = span;
  const skipped = program.skips ? skip(model, verbs, rows, layer, y) : null;
  const accumulators = project(model, verbs, span, layer, x, skipped && viewOf(skipped, [rows, width], [0, 1], 3));
  const limb = (k: number): View<C> => walk(state, 3, [2, rows * width, {}, k], [rows, width, 1], [width, 1, 2]);
  const views = [viewOf(accumulators, [rows, width], [1, 2], 3), ...(program.skips ? [] : [limb(0), limb(1)])];
  if (program.streamFactors) views.push(walk(weight(`${layer.name} stream factor`), 3, [sizes.layers, 1, {}, layer.layer]));
  return verbs.map([2, rows, width], views, [], expressions[layer.name])[0]!;
}

/** gain_c y_c + sum_k mean_k y_k + b_c: [rows, width]. */
function skip<C extends Cells>(
  { program, expressions, sizes, weight }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  rows: number,
  { name, matrix, layer }: ResidualLayer,
  y: C,
): C {
  const { width, layers } = sizes;
  const ofLayer = (of: string, along: number, loops: number): View<C> =>
    walk(weight(`${name} ${of}`), loops, [layers, width, {}, layer], [width, 1, along]);
  const views = [viewOf(y, [rows, width]), ofLayer("skip", 1, 2)];
  if (program.skips && hasMean(program.skips[name])) {
    const means = verbs.dot([rows], [width], [ofLayer("skip mean", 1, 2), viewOf(y, [rows, width])], null);
    views.push(viewOf(means, [rows], [0], 2));
  }
  if (matrix.bias) views.push(ofLayer("bias", 1, 2));
  return verbs.map([rows, width], views, [], expressions.skip[name])[0]!;
}

/** The activated gate, or round(activated up / 2^gatedShift): [rows, hidden]. */
function feed<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, span: Span<C>, l: number, y: C): C {
  const { program, sizes, activation, expressions } = model;
  const cells = [span.rows * sizes.hidden];
  const views = [viewOf(project(model, verbs, span, { name: "gate", matrix: program.gate, layer: l }, y), cells)];
  if (program.up) views.push(viewOf(project(model, verbs, span, { name: "up", matrix: program.up, layer: l }, y), cells));
  return verbs.map(cells, views, activation, expressions.fed)[0]!;
}
