/**
 * All values of a decoder's trace on a device, from what a pass over all positions leaves: the states before every site and the accumulators of the projections, each
 * with layers or sites as its first axis. So this part does not depend on how many layers there are.
 */
import { add, cell, constant, type Expression, index, inside, less, quotient, subtract, type View, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import type { Kept } from "./device-pass.ts";
import { keyCells, turnViews } from "./device-pass.ts";
import { causal, type DeviceDecoder, stateSums, sumViews, walk } from "./device-views.ts";
import { MARGIN_BITS } from "./integer.ts";
import { gatedOf, lowBits, mean, norm, partsOf, roots, rounded, scoreCells, sumCells, turned } from "./integer-expressions.ts";
import type { TraceName } from "./layout.ts";
import { LOGIT_BITS, upOf } from "./program.ts";
import { CLASS } from "./scores.ts";

interface Cells {
  readonly length: number;
}

/** What a pass leaves, of all layers: `state` is [2, sites, positions, width], the others [layers, positions, outputs]. */
export type Stacks<C> = Readonly<Record<Kept, C>>;

/** The trace, the rows that scores have in their table, and the arg max after every position, if there is a head. */
export interface DeviceTrace<C> {
  readonly trace: Readonly<Record<TraceName, C>>;
  readonly scoreRows: C;
  readonly chosen: C | null;
}

type Filled<C> = Partial<Record<TraceName, C>>;

/** `next`: the token claimed after every position, the vocabulary's size where none is. */
export function deviceTrace<C extends Cells>(
  decoder: DeviceDecoder<C>,
  verbs: Scratch<C>,
  stacks: Stacks<C>,
  logits: C | null,
  next: C,
): DeviceTrace<C> {
  const { sizes, program } = decoder;
  const filled: Filled<C> = {};
  const rest = (name: "output" | "down"): C => {
    const shape = [sizes.layers * sizes.positions * sizes.width];
    return verbs.map(shape, [viewOf(stacks[name], shape)], [], [rounded(cell(0), program[name].shift).rest])[0]!;
  };
  normTrace(decoder, verbs, stacks.state, filled);
  projectionTrace(decoder, verbs, stacks, filled);
  const scoreRows = scoreTrace(decoder, verbs, filled);
  meanTrace(decoder, verbs, filled);
  filled.outputRest = rest("output");
  feedTrace(decoder, verbs, stacks, filled);
  filled.downRest = rest("down");
  const chosen = logits === null ? null : headTrace(decoder, verbs, logits, next, filled);
  return { trace: filled as Record<TraceName, C>, scoreRows, chosen };
}

/** One column for every named expression. */
function mapNamed<C extends Cells, N extends TraceName>(
  verbs: Scratch<C>,
  filled: Filled<C>,
  sizes: readonly number[],
  views: readonly View<C>[],
  tables: readonly C[],
  outputs: Readonly<Record<N, Expression>>,
): void {
  const names = Object.keys(outputs) as N[];
  const columns = verbs.map(
    sizes,
    views,
    tables,
    names.map((name) => outputs[name]),
  );
  for (const [k, name] of names.entries()) filled[name] = columns[k]!;
}

function normTrace<C extends Cells>({ device, program, sizes }: DeviceDecoder<C>, verbs: Scratch<C>, state: C, filled: Filled<C>): void {
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

function projectionTrace<C extends Cells>(
  { program, sizes, weight }: DeviceDecoder<C>,
  verbs: Scratch<C>,
  stacks: Stacks<C>,
  filled: Filled<C>,
): void {
  const { layers, positions, groups, members, pairs } = sizes;
  for (const [name, heads] of [
    ["query", groups * members],
    ["key", groups],
  ] as const) {
    const { shift } = program[name];
    const shape = [layers, positions, heads, pairs, 2];
    const views = [...turnViews(stacks[name], weight("rotation"), sizes, heads, positions, 0, layers), viewOf(stacks[name], shape)];
    const [flat, turn] = [rounded(cell(4), shift), turned(shift)];
    const outputs = [flat.value, flat.rest, turn.value, turn.rest];
    const columns = verbs.map(shape, views, [], outputs);
    for (const [k, part] of (["Flat", "FlatRest", "", "Rest"] as const).entries()) filled[`${name}${part}`] = columns[k]!;
  }
  const half = program.scales.valueBits / 2;
  const { value, rest } = rounded(cell(0), program.value.shift);
  const outputs = { valueHigh: quotient(value, 2 ** half), valueLow: lowBits(value, half), valueRest: rest };
  const shape = [layers * positions * keyCells(sizes)];
  mapNamed(verbs, filled, shape, [viewOf(stacks.value, shape)], [], outputs);
}

/** The rows that scores have in their table. */
function scoreTrace<C extends Cells>({ program, sizes, scores: table, weight }: DeviceDecoder<C>, verbs: Scratch<C>, filled: Filled<C>): C {
  const { layers, positions, groups, members, pairs } = sizes;
  const channels = 2 * pairs;
  const heads = layers * groups * members;
  const scores = verbs.dot(
    [layers, groups, members, positions, positions],
    [channels],
    [
      viewOf(filled.query!, [layers, positions, groups, members, channels], [0, 3, 1, 2, 5], 6),
      viewOf(filled.key!, [layers, positions, groups, channels], [0, 4, 1, 5], 6),
    ],
    null,
  );
  const visible = (cells: C): View<C> =>
    walk(cells, 3, [heads, positions ** 2, 0], [positions, positions, 1], [positions, 1, 2], causal(positions, 1, 2));
  filled.scoreMax = verbs.largest([heads, positions], [positions], visible(scores)).values;
  const shape = [heads, positions, positions];
  const views = [viewOf(scores, shape), viewOf(filled.scoreMax, [heads, positions], [0, 1], 3), visible(scores)];
  const { row, ...outputs } = scoreCells(table, program.scales.scoreLimit, 0, cell(0), cell(1), inside(2));
  const names = Object.keys(outputs) as (keyof typeof outputs)[];
  const expressions = [row, ...names.map((name) => outputs[name])];
  const [rows, ...columns] = verbs.map(shape, views, [weight("table scores 1")], expressions);
  for (const [k, name] of names.entries()) filled[name] = columns[k]!;
  filled.expSum = verbs.dot([heads, positions], [positions], [viewOf(filled.scoreExp!, shape)], null);
  // the masked ones have classes too
  const classes = verbs.dot([heads, positions], [positions], [visible(filled.scoreClass!)], null);
  mapNamed(verbs, filled, [heads * positions], [viewOf(classes, [heads * positions])], [], {
    maxCount: subtract(lowBits(cell(0), Math.log2(CLASS.tail)), 1),
    tailCount: quotient(cell(0), CLASS.tail),
  });
  return rows!;
}

function meanTrace<C extends Cells>({ program, sizes }: DeviceDecoder<C>, verbs: Scratch<C>, filled: Filled<C>): void {
  const { layers, positions, groups, members, pairs } = sizes;
  const channels = 2 * pairs;
  const shape = [layers, positions, groups, members, channels];
  const total = (limb: "valueHigh" | "valueLow"): C =>
    verbs.dot(
      shape,
      [positions],
      [
        viewOf(filled.scoreExp!, [layers, groups, members, positions, positions], [0, 2, 3, 1, 5], 6),
        viewOf(filled[limb]!, [layers, positions, groups, channels], [0, 5, 2, 4], 6),
      ],
      null,
    );
  const views = [
    viewOf(total("valueHigh"), shape),
    viewOf(total("valueLow"), shape),
    viewOf(filled.expSum!, [layers, groups, members, positions], [0, 2, 3, 1], 5),
  ];
  mapNamed(verbs, filled, shape, views, [], mean(program.scales.valueBits / 2, cell(0), cell(1), cell(2)).columns);
}

function feedTrace<C extends Cells>(
  { program, sizes, weight }: DeviceDecoder<C>,
  verbs: Scratch<C>,
  stacks: Stacks<C>,
  filled: Filled<C>,
): void {
  const shape = [sizes.layers * sizes.positions * sizes.hidden];
  const [gate, up] = [rounded(cell(0), program.gate.shift), rounded(cell(1), upOf(program).shift)];
  mapNamed(verbs, filled, shape, [viewOf(stacks.gate, shape), viewOf(stacks.up, shape)], [weight("activation")], {
    gate: gate.value,
    gateRest: gate.rest,
    up: up.value,
    upRest: up.rest,
    ...gatedOf(program, gate.value, up.value, 0),
  });
}

/** The arg max after every position. */
function headTrace<C extends Cells>({ sizes }: DeviceDecoder<C>, verbs: Scratch<C>, logits: C, next: C, filled: Filled<C>): C {
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
