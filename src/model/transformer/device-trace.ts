/**
 * All values of a transformer's trace on a device, from what a pass over all positions leaves: the states before every site and the accumulators of the projections,
 * each with layers or sites as its first axis. So this part does not depend on how many layers there are.
 */
import { add, cell, constant, index, less, multiply, quotient, subtract, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import { type Filled, mapNamed, type Stacks } from "./device-stacks.ts";
import { attentionTrace } from "./device-trace-attention.ts";
import { type DeviceTransformer, stateSums, sumViews } from "./device-views.ts";
import { MARGIN_BITS } from "./integer.ts";
import { activatedOf, gatedOf, lowBits, rounded } from "./integer-expressions.ts";
import { norm, partsOf, roots, sumCells } from "./norm-expressions.ts";
import { type FinalValues, LOGIT_BITS } from "./program.ts";

interface Cells {
  readonly length: number;
}

/** All values up to the last norm; the rows that scores have in their table. */
export function layersTrace<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, stacks: Stacks<C>, filled: Filled<C>): C {
  const { sizes, program } = model;
  const rest = (name: "output" | "down"): C => {
    const shape = [sizes.layers * sizes.positions * sizes.width];
    return verbs.map(shape, [viewOf(stacks[name], shape)], [], [rounded(cell(0), program[name].shift).rest])[0]!;
  };
  normTrace(model, verbs, stacks.state, filled);
  const scoreRows = attentionTrace(model, verbs, stacks, filled);
  filled.outputRest = rest("output");
  feedTrace(model, verbs, stacks, filled);
  filled.downRest = rest("down");
  return scoreRows;
}

function normTrace<C extends Cells>(
  { device, program, sizes }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  state: C,
  filled: Filled<C>,
): void {
  const { width } = sizes;
  const rows = sizes.sites * sizes.positions;
  filled.stateHigh = device.slice(state, 0, rows * width);
  filled.stateLow = device.slice(state, rows * width, rows * width);
  const parts = partsOf(width);
  const views = sumViews(stateSums(verbs, state, rows, width), rows, parts, 1);
  mapNamed(verbs, filled, [rows], views, [], roots(program, sumCells(parts, 0)));
  const cells = [
    viewOf(filled.stateHigh, [rows, width]),
    viewOf(filled.stateLow, [rows, width]),
    viewOf(filled.reciprocal!, [rows], [0], 2),
  ];
  mapNamed(verbs, filled, [rows, width], cells, [], norm(program, cell(0), cell(1), cell(2)));
}

function feedTrace<C extends Cells>(
  { program, sizes, weight }: DeviceTransformer<C>,
  verbs: Scratch<C>,
  stacks: Stacks<C>,
  filled: Filled<C>,
): void {
  const shape = [sizes.layers * sizes.positions * sizes.hidden];
  const gate = rounded(cell(0), program.gate.shift);
  const activated = activatedOf(program, gate.value, 0);
  const ofGate = { gate: gate.value, gateRest: gate.rest, activated };
  const views = [viewOf(stacks.gate, shape)];
  if (program.up && stacks.up) {
    const up = rounded(cell(1), program.up.shift);
    const outputs = { ...ofGate, up: up.value, upRest: up.rest, ...gatedOf(program, activated, up.value) };
    mapNamed(verbs, filled, shape, [...views, viewOf(stacks.up, shape)], [weight("activation")], outputs);
  } else {
    mapNamed(verbs, filled, shape, views, [weight("activation")], ofGate);
  }
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
