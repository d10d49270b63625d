/** The attention's values of a trace on a device: of all layers at once. */
import { cell, inside, quotient, subtract, type View, viewOf } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import { keyCells } from "./device-attention.ts";
import { SCORED_NAMES, type Scored, scoredExpressions } from "./device-expressions.ts";
import { scoredColumns } from "./device-heads.ts";
import { type Filled, mapNamed, type Stacks } from "./device-stacks.ts";
import { type DeviceTransformer, seen, walk } from "./device-views.ts";
import { lowBits, mean, rounded, scoreCells } from "./integer-expressions.ts";
import { scoredNames } from "./layout.ts";
import { CLASS } from "./scores.ts";

interface Cells {
  readonly length: number;
}

/** All values from the projections to the rounded means; the rows that scores have in their table. */
export function attentionTrace<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, stacks: Stacks<C>, filled: Filled<C>): C {
  projectionTrace(model, verbs, stacks, filled);
  const rows = scoreTrace(model, verbs, filled);
  meanTrace(model, verbs, filled);
  return rows;
}

function projectionTrace<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, stacks: Stacks<C>, filled: Filled<C>): void {
  const { program, sizes } = model;
  const { layers, positions } = sizes;
  const block = { layer: 0, layers, first: 0, rows: positions };
  for (const name of ["query", "key"] as const) {
    const columns = scoredColumns(model, verbs, name, stacks[name], block, scoredExpressions(program, name));
    for (const step of Object.keys(SCORED_NAMES) as (keyof Scored<C>)[])
      for (const [k, column] of columns[step].entries()) filled[`${name}${SCORED_NAMES[step][k]!}`] = column;
  }
  const half = program.scales.valueBits / 2;
  const { value, rest } = rounded(cell(0), program.value.shift);
  const outputs = { valueHigh: quotient(value, 2 ** half), valueLow: lowBits(value, half), valueRest: rest };
  const shape = [layers * positions * keyCells(sizes)];
  mapNamed(verbs, filled, shape, [viewOf(stacks.value, shape)], [], outputs);
}

/** The rows that scores have in their table. */
function scoreTrace<C extends Cells>(model: DeviceTransformer<C>, verbs: Scratch<C>, filled: Filled<C>): C {
  const { program, sizes, present, scores: table, weight } = model;
  const { query, key } = scoredNames(program.config);
  const { layers, positions, groups, members, pairs } = sizes;
  const channels = 2 * pairs;
  const heads = layers * groups * members;
  const scores = verbs.dot(
    [layers, groups, members, positions, positions],
    [channels],
    [
      viewOf(filled[query]!, [layers, positions, groups, members, channels], [0, 3, 1, 2, 5], 6),
      viewOf(filled[key]!, [layers, positions, groups, channels], [0, 4, 1, 5], 6),
    ],
    null,
  );
  const visible = (cells: C): View<C> =>
    walk(cells, 3, [heads, positions ** 2, 0], [positions, positions, 1], ...seen(present, positions, 1, 2));
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

function meanTrace<C extends Cells>({ program, sizes }: DeviceTransformer<C>, verbs: Scratch<C>, filled: Filled<C>): void {
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
