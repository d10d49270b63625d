/**
 * All values of a transformer's trace on a device, from what a pass over all positions leaves: the states before every site and the accumulators of the projections,
 * each with layers or sites as its first axis. So this part does not depend on how many layers there are.
 */
import { add, cell, constant, index, less, multiply, quotient, subtract, type View, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import { type Filled, mapNamed, type Stacks } from "./device-stacks.ts";
import { attentionTrace } from "./device-trace-attention.ts";
import { type DeviceTransformer, sumViews, walk } from "./device-views.ts";
import { MARGIN_BITS } from "./integer.ts";
import { activatedOf, gatedOf, lowBits, rounded, SQUARE_NAMES, squareOf } from "./integer-expressions.ts";
import { norm, roots, sumCells } from "./norm-expressions.ts";
import { FEED_LOW_BITS, type FinalValues, feedLimbs, LOGIT_BITS, LOW_BITS, mixedBits, type SquareBits } from "./program.ts";

interface Cells {
  readonly length: number;
}

/** All values up to the last norm; the rows that scores have in their table. */
export function layersTrace<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, stacks: Stacks<C>, filled: Filled<C>): C {
  const { program } = model;
  const { scales, config } = program;
  normTrace(model, verbs, stacks.state, filled);
  const scoreRows = attentionTrace(model, verbs, stacks, filled);
  squareTrace(model, verbs, filled, "mixed", mixedBits(scales), config.heads * config.headWidth);
  filled.outputRest = restOf(model, verbs, stacks, "output");
  feedTrace(model, verbs, stacks, filled);
  squareTrace(model, verbs, filled, "feed", feedLimbs(scales), config.hidden);
  filled.downRest = restOf(model, verbs, stacks, "down");
  return scoreRows;
}

/** What rounding a part's sums loses; the state before it counts where it is no multiple of 2^shift. */
function restOf<C extends Cells>(
  { program, sizes, weight }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  stacks: Stacks<C>,
  name: "output" | "down",
): C {
  const { layers, positions, width, sites } = sizes;
  const { shift } = program[name];
  const shape = [layers, positions * width];
  const accumulators = viewOf(stacks[name], shape);
  if (!program.streamFactors) return verbs.map(shape, [accumulators], [], [rounded(cell(0), shift).rest])[0]!;
  const row = positions * width;
  const first = name === "output" ? 0 : 1;
  const limb = (k: number): View<C> => walk(stacks.state, 2, [2 * sites, row, { 0: 2 }, k * sites + first], [row, 1, 1]);
  const before = add(multiply(cell(1), 2 ** LOW_BITS), cell(2));
  const views = [accumulators, limb(0), limb(1), viewOf(weight(`${name} stream factor`), [layers], [0], 2)];
  return verbs.map(shape, views, [], [rounded(add(cell(0), multiply(cell(3), before)), shift).rest])[0]!;
}

function normTrace<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, state: C, filled: Filled<C>): void {
  const { device, program, sizes } = model;
  const { width } = sizes;
  const rows = sizes.sites * sizes.positions;
  filled.stateHigh = device.slice(state, 0, rows * width);
  filled.stateLow = device.slice(state, rows * width, rows * width);
  mapNamed(verbs, filled, [sizes.sites, sizes.positions], sumViews(model, verbs, state, "all"), [], roots(program, sumCells(program, 0)));
  const cells = [
    viewOf(filled.stateHigh, [rows, width]),
    viewOf(filled.stateLow, [rows, width]),
    viewOf(filled.reciprocal!, [rows], [0], 2),
  ];
  mapNamed(verbs, filled, [rows, width], cells, [], norm(program, cell(0), cell(1), cell(2)));
}

function feedTrace<C extends Cells>(
  { program, sizes, activation }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  stacks: Stacks<C>,
  filled: Filled<C>,
): void {
  const shape = [sizes.layers * sizes.positions * sizes.hidden];
  const gate = rounded(cell(0), program.gate.shift);
  const looked = activatedOf(program, gate.value, 0);
  const ofGate = { gate: gate.value, gateRest: gate.rest };
  const views = [viewOf(stacks.gate, shape)];
  if (program.up && stacks.up) {
    const up = rounded(cell(1), program.up.shift);
    const { gated, gatedRest } = gatedOf(program, looked, up.value);
    const limbs = { feedHigh: quotient(gated, 2 ** FEED_LOW_BITS), feedLow: lowBits(gated, FEED_LOW_BITS) };
    const outputs = { ...ofGate, activated: looked, up: up.value, upRest: up.rest, ...limbs, gatedRest };
    mapNamed(verbs, filled, shape, [...views, viewOf(stacks.up, shape)], activation, outputs);
  } else {
    mapNamed(verbs, filled, shape, views, activation, { ...ofGate, feedHigh: looked, feedLow: activatedOf(program, gate.value, 1) });
  }
}

/** The sums of squares of `count` values a layer and position. */
function squareTrace<C extends Cells>(
  { sizes }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  filled: Filled<C>,
  name: "mixed" | "feed",
  bits: SquareBits,
  count: number,
): void {
  const rows = sizes.layers * sizes.positions;
  const [high, low] = [filled[`${name}High`]!, filled[`${name}Low`]!].map((limb) => viewOf(limb, [rows, count])) as [View<C>, View<C>];
  const sums = [
    [high, high],
    [high, low],
    [low, low],
  ].map((factors) => viewOf(verbs.dot([rows], [count], factors, null), [rows]));
  const columns = verbs.map([rows], sums, [], squareOf(bits, cell(0), cell(1), cell(2)));
  for (const [k, of] of SQUARE_NAMES.entries()) filled[`${name}${of}`] = columns[k]!;
}

/** The arg max after every position. `next`: the token claimed after it, the vocabulary's size where none is. */
export function headTrace<C extends Cells>({ sizes }: DeviceTransformer<C>, verbs: Scratch<C>, logits: C, next: C, filled: Filled<C>): C {
  const { positions, vocabulary } = sizes;
  const shape = [positions, vocabulary];
  const { values, indices } = verbs.largest([positions], [vocabulary], viewOf(logits, shape));
  const isClaimed = less(cell(1), vocabulary);
  mapNamed(verbs, filled, [positions], [viewOf(values, [positions]), viewOf(next, [positions])], [], {
    logitMax: add(cell(0), subtract(constant(1), isClaimed)),
  });
  const views = [viewOf(logits, shape), viewOf(filled.logitMax!, [positions], [0], 2), viewOf(next, [positions], [0], 2)];
  const margin = subtract(subtract(cell(1), cell(0)), less(index(1), cell(2)));
  mapNamed(verbs, filled, shape, views, [], {
    marginHigh: subtract(quotient(margin, 2 ** MARGIN_BITS), 2 ** (LOGIT_BITS - MARGIN_BITS)),
    marginLow: lowBits(margin, MARGIN_BITS),
  });
  return indices;
}

/** An encoder's embedding [width]: the sum of the final values of the positions that are present. */
export function finalTrace<C extends Cells>(
  { device, sizes, weight, present }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  { shift }: FinalValues,
  filled: Filled<C>,
): C {
  const { positions, width, sites } = sizes;
  const shape = [positions, width];
  const normed = device.slice(filled.normed!, (sites - 1) * positions * width, positions * width);
  const views = [viewOf(normed, shape), viewOf(weight("final gain"), [width], [1], 2), viewOf(weight("final bias"), [width], [1], 2)];
  const { value, rest } = rounded(add(multiply(cell(0), cell(1)), cell(2)), shift);
  mapNamed(verbs, filled, shape, views, [], { final: value, finalRest: rest });
  return verbs.dot([width], [present ?? positions], [viewOf(filled.final!, shape, [1, 0], 2)], null);
}
