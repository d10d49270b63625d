/** The functions that a pass computes cell by cell, made once: a device knows a list of expressions again, and a norm's has hundreds of steps. */
import { add, cell, type Expression, entry, index, inside, multiply, quotient, subtract } from "../../tensor/integers.ts";
import { turnShift } from "./integer-attention.ts";
import { activatedOf, expOf, gatedOf, limbByIndex, lowBits, mean, rounded, sum, turned } from "./integer-expressions.ts";
import { headNormed, headRoot, norm, roots, sumCells } from "./norm-expressions.ts";
import { FEED_LOW_BITS, hasMean, LOW_BITS, type TransformerProgram } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** What queries or keys go through: of every step its value, and others that a trace has; none where a model has no such step. */
export interface Scored<T> {
  readonly flat: readonly T[];
  readonly root: readonly T[];
  readonly normed: readonly T[];
  readonly turned: readonly T[];
}

export type ScoredExpressions = Scored<Expression>;

/** Names of the values after "query" or "key". */
export const SCORED_NAMES = {
  flat: ["Flat", "FlatRest"],
  root: ["Root", "RootRest", "RootSlack"],
  normed: ["Normed", "NormRest", "NormSlack"],
  turned: ["", "Rest"],
} as const satisfies Scored<string>;

/** Lists of outputs, by what they make, with the views that they take. */
export interface PassExpressions {
  /** [limb, row, channel]: the token's row of the embedding, which is the table, and the position's if there are such. */
  readonly embedding: readonly Expression[];
  /** A limb of the state and its channel's weight in a sum of squares. */
  readonly weighted: readonly Expression[];
  /** The state's limbs and its sums. */
  readonly normed: readonly Expression[];
  /** Values alone. */
  readonly query: ScoredExpressions;
  readonly key: ScoredExpressions;
  /** Both limbs, from accumulators. */
  readonly value: readonly Expression[];
  /** A score where it is visible, and its row's largest; the table of exp. */
  readonly exp: readonly Expression[];
  /** Sums of both limbs, and of exp. */
  readonly mixed: readonly Expression[];
  /** What is in the sums besides products, if norms come after: the normalised state and its gain; the sum that its mean makes and the bias, if they are there. */
  readonly skip: Readonly<Record<"output" | "down", readonly Expression[]>>;
  /** [limb, row, channel]: accumulators, both limbs of the state before unless it is in them, and how much it counts if that differs by layer. */
  readonly output: readonly Expression[];
  readonly down: readonly Expression[];
  /** Accumulators of gate and, if there is one, up; the tables of the activation. */
  readonly fed: readonly Expression[];
}

export function passExpressions(program: TransformerProgram, table: ScoreTable): PassExpressions {
  const half = program.scales.valueBits / 2;
  const value = rounded(cell(0), program.value.shift).value;
  const { width } = program.config;
  const token = entry(0, add(multiply(cell(0), width), index(2)));
  const before = add(multiply(cell(1), 2 ** LOW_BITS), cell(2));
  const after = (name: "output" | "down"): Expression[] => {
    const { shift } = program[name];
    const added = rounded(cell(0), shift).value;
    const counted = rounded(add(cell(0), multiply(cell(3), before)), shift).value;
    return [limbByIndex(program.skips ? added : program.streamFactors ? counted : add(before, added), LOW_BITS)];
  };
  const skip = (name: "output" | "down"): Expression[] => {
    const of = program.skips?.[name];
    if (!of) return [];
    const others = Number(hasMean(of)) + Number(program[name].bias !== undefined);
    return [sum(multiply(cell(0), cell(1)), ...Array.from({ length: others }, (_, k) => cell(2 + k)))];
  };
  const gate = rounded(cell(0), program.gate.shift).value;
  const fed = program.up
    ? gatedOf(program, activatedOf(program, gate, 0), rounded(cell(1), program.up.shift).value).gated
    : add(multiply(activatedOf(program, gate, 0), 2 ** FEED_LOW_BITS), activatedOf(program, gate, 1));
  return {
    embedding: [limbByIndex(program.positionEmbedding ? add(token, cell(1)) : token, LOW_BITS)],
    weighted: [multiply(cell(0), cell(1))],
    normed: [norm(program, cell(0), cell(1), roots(program, sumCells(program, 2)).reciprocal).normed],
    query: valuesOf(program, "query"),
    key: valuesOf(program, "key"),
    value: [quotient(value, 2 ** half), lowBits(value, half)],
    exp: [expOf(table, 0, subtract(cell(1), cell(0)), inside(0))],
    mixed: [mean(half, cell(0), cell(1), cell(2)).value],
    skip: { output: skip("output"), down: skip("down") },
    output: after("output"),
    down: after("down"),
    fed: [fed],
  };
}

/** The values that SCORED_NAMES names. */
export function scoredExpressions(program: TransformerProgram, name: "query" | "key"): ScoredExpressions {
  const { config, headNorms } = program;
  const { shift } = program[name];
  const flat = rounded(cell(0), shift);
  const turn = turned(headNorms ? null : shift, turnShift(program, name));
  return {
    flat: [flat.value, flat.rest],
    root: headNorms ? headRoot(cell(0)) : [],
    normed: headNorms ? headNormed(config, cell(0), cell(1)) : [],
    turned: config.positions.kind === "rotary" ? [turn.value, turn.rest] : [],
  };
}

/** Without rests, and without flat values where they are turned from accumulators. */
function valuesOf(program: TransformerProgram, name: "query" | "key"): ScoredExpressions {
  const { flat, root, normed, turned } = scoredExpressions(program, name);
  const isFlatUsed = program.headNorms !== undefined || turned.length === 0;
  return { flat: isFlatUsed ? flat.slice(0, 1) : [], root: root.slice(0, 1), normed: normed.slice(0, 1), turned: turned.slice(0, 1) };
}
