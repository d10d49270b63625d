/**
 * Attention with grouped-query heads (SPEC §12.4): projections, the norm of heads, rotation of positions, softmax against the row's largest score, the mean of the
 * values, the output projection. Query heads are (group, member), key heads are groups: a key is a leaf without the member axis. A position sees those up to itself,
 * or those that `present` marks.
 */
import { onesOn, term } from "../../system/builder.ts";
import type { ColumnId, Leaf, Term } from "../../system/types.ts";
import type { Frame } from "./frame.ts";
import { REST_BITS, turnShift } from "./integer-attention.ts";
import { turnsOf } from "./integer-run.ts";
import { type AxisName, scoredNames, TRACE_AXES, type TraceName } from "./layout.ts";
import { lowerHeadNorm } from "./lower-head-norm.ts";
import { lowerProjection, lowerResidual } from "./lower-projection.ts";
import { lowerSquare } from "./lower-square.ts";
import { type HeadNorm, mixedBits } from "./program.ts";
import { CLASS, scoreTable } from "./scores.ts";
import { rotationTable } from "./tables.ts";

const QUERY: readonly AxisName[] = ["groups", "members", "pairs", "halves"];
const KEY: readonly AxisName[] = ["groups", "pairs", "halves"];
/** A row of scores. */
const ROW = ["layers", "groups", "members", "positions"] as const;

/** `present`: the public column that marks the positions that an encoder sees. */
export function lowerAttention(frame: Frame, present: ColumnId | null): void {
  const { program } = frame;
  const half = program.scales.valueBits / 2;
  lowerQueries(frame);
  frame.signed(half, "valueHigh");
  frame.unsigned(half, "valueLow");
  lowerProjection(frame, { name: "query", ...program.query }, "attention", QUERY, [[1, "queryFlat"]], "queryFlatRest");
  lowerProjection(frame, { name: "key", ...program.key }, "attention", KEY, [[1, "keyFlat"]], "keyFlatRest");
  const value = [[2 ** half, "valueHigh"] as const, [1, "valueLow"] as const];
  lowerProjection(frame, { name: "value", ...program.value }, "attention", KEY, value, "valueRest");
  lowerTurns(frame);
  lowerScores(frame, present);
  lowerMean(frame);
  lowerSquare(frame, "mixed", mixedBits(program.scales), QUERY);
  const mixed = [[2 ** half, "mixedHigh"] as const, [1, "mixedLow"] as const];
  lowerResidual(frame, { name: "output", ...program.output }, ["attention", "feed"], QUERY, mixed, "outputRest", {
    skip: program.skips?.output,
    factors: program.streamFactors?.output,
  });
}

/** Columns of queries and keys, with the norms of heads. */
function lowerQueries(frame: Frame): void {
  const { config, scales, headNorms } = frame.program;
  const isTurned = config.positions.kind === "rotary";
  const plain: readonly TraceName[] = headNorms ? [] : ["queryFlat", "keyFlat"];
  frame.range(-scales.queryLimit, 2 * scales.queryLimit + 1, ...plain, ...(isTurned ? (["query", "key"] as const) : []));
  if (!headNorms) return;
  lowerHeadNorm(frame, "query", headNorms.query);
  lowerHeadNorm(frame, "key", headNorms.key);
}

/** The rotation of positions, if they are not learned. */
function lowerTurns(frame: Frame): void {
  const { program, sizes } = frame;
  const { config, headNorms } = program;
  if (config.positions.kind !== "rotary") return;
  const table = rotationTable(config, sizes.positions);
  const axes = ["positions", "pairs", "halves", "otherHalves"] as const;
  const turned = (norm: HeadNorm, name: string): Leaf =>
    frame.weight(`${name} rotation`, turnsOf(table, norm, config.headWidth), "layers", ...axes);
  const plain = headNorms ? null : frame.weight("rotation", turnsOf(table), ...axes);
  for (const name of ["query", "key"] as const)
    lowerRotation(frame, name, plain ?? turned(headNorms![name], name), headNorms ? `${name}Normed` : `${name}Flat`);
}

/** sum_r' turn_rr' flat_r' + 2^(s-1) = 2^s turned_r + rest. */
function lowerRotation(frame: Frame, name: "query" | "key", turn: Leaf, flat: TraceName): void {
  const shift = turnShift(frame.program, name);
  const rest = `${name}Rest` as const;
  frame.unsigned(shift, rest);
  const axes = frame.axes(...TRACE_AXES[name]);
  frame.builder.constraint(`${name} rotation`, axes, [
    term(1, [turn, frame.on(flat, { halves: "otherHalves" })]),
    term(2 ** (shift - 1), [], onesOn(axes)),
    term(-(2 ** shift), [frame.on(name)]),
    term(-1, [frame.on(rest)]),
  ]);
}

/**
 * m_i - q_i k_j = base + offset with (base, exp, class) and (offset, class) in the tables of scores.ts. Among the j that are seen there are only maxima, at least one,
 * tails and steps: the sum of their classes is (maxCount + 1) + 2^10 tailCount. The others weigh nothing: the sums of exp over all j and over those seen are equal.
 */
function lowerScores(frame: Frame, present: ColumnId | null): void {
  const { builder, program, sizes } = frame;
  const { expBits, scoreLimit } = program.scales;
  const table = scoreTable(program.scales);
  const rows = builder.listedTable("scores", [table.bases, table.exps, table.classes]);
  frame.rows(rows, "scoreBase", "scoreExp", "scoreClass");
  frame.rows(builder.functionTable("score classes", 0, table.offsetClasses), "scoreOffset", "scoreClass");
  frame.signed(Math.ceil(Math.log2(scoreLimit + 1)) + 1, "scoreMax");
  frame.range(0, sizes.positions, "maxCount", "tailCount");
  frame.defined("expSum", [0, sizes.positions * 2 ** expBits]);

  const { query, key } = scoredNames(program.config);
  const axes = frame.axes(...ROW);
  const cells = frame.axes(...ROW, "others");
  builder.constraint("scores", cells, [
    term(1, [frame.on("scoreMax")], onesOn(frame.axes("others"))),
    term(-1, [frame.on(query), frame.on(key, { positions: "others" })]),
    term(-1, [frame.on("scoreBase")]),
    term(-1, [frame.on("scoreOffset")]),
  ]);
  const seen = (name: TraceName): Term =>
    present === null
      ? term(1, [frame.on(name)], [{ kind: "causal", axes: [frame.axis("positions"), frame.axis("others")] }])
      : term(1, [frame.on(name), { column: present, axes: frame.axes("others") }]);
  builder.constraint("score classes", axes, [
    seen("scoreClass"),
    term(-1, [frame.on("maxCount")]),
    term(-1, [], onesOn(axes)),
    term(-CLASS.tail, [frame.on("tailCount")]),
  ]);
  builder.constraint("exp sums", axes, [term(1, [frame.on("scoreExp")]), term(-1, [frame.on("expSum")])]);
  builder.constraint("seen exp sums", axes, [seen("scoreExp"), term(-1, [frame.on("expSum")])]);
}

/**
 * o = floor((2 sum_j e_j v_j + z) / (2 z)) with z = sum_j e_j, v = 2^7 vh + vl, o = 2^7 oh + ol:
 *
 *   sum_j e_j vh_j - z oh = carry                           2^8 carry + 2 sum_j e_j vl_j - 2 z ol + z = rest
 *   0 <= rest < 2 z
 */
function lowerMean(frame: Frame): void {
  const { builder, program, sizes } = frame;
  const { valueBits, expBits } = program.scales;
  const half = valueBits / 2;
  const rest = 2 ** REST_BITS;
  // |carry| < z and rest < 2 z, z <= T 2^E
  const highBits = Math.max(1, Math.ceil(Math.log2(sizes.positions)) + expBits + 1 - REST_BITS);
  frame.signed(half, "mixedHigh");
  frame.unsigned(half, "mixedLow");
  frame.signed(highBits, "mixedCarryHigh");
  frame.unsigned(highBits, "mixedRestHigh", "mixedSlackHigh");
  frame.unsigned(REST_BITS, "mixedCarryLow", "mixedRestLow", "mixedSlackLow");
  const axes = frame.axes(...TRACE_AXES.mixedHigh);
  const [exp, sum] = [frame.on("scoreExp"), frame.on("expSum")];
  const channels = onesOn(frame.axes("pairs", "halves"));
  builder.constraint("mean, high", axes, [
    term(1, [exp, frame.on("valueHigh", { positions: "others" })]),
    term(-1, [sum, frame.on("mixedHigh")]),
    term(-rest, [frame.on("mixedCarryHigh")]),
    term(-1, [frame.on("mixedCarryLow")]),
  ]);
  builder.constraint("mean, low", axes, [
    term(2 * 2 ** half * rest, [frame.on("mixedCarryHigh")]),
    term(2 * 2 ** half, [frame.on("mixedCarryLow")]),
    term(2, [exp, frame.on("valueLow", { positions: "others" })]),
    term(-2, [sum, frame.on("mixedLow")]),
    term(1, [sum], channels),
    term(-rest, [frame.on("mixedRestHigh")]),
    term(-1, [frame.on("mixedRestLow")]),
  ]);
  builder.constraint("mean, rest", axes, [
    term(2, [sum], channels),
    term(-1, [], onesOn(axes)),
    term(-rest, [frame.on("mixedRestHigh")]),
    term(-1, [frame.on("mixedRestLow")]),
    term(-rest, [frame.on("mixedSlackHigh")]),
    term(-1, [frame.on("mixedSlackLow")]),
  ]);
}
