/** The functions that a pass computes cell by cell, made once: a device knows a list of expressions again, and a norm's has hundreds of steps. */
import { add, cell, type Expression, entry, index, inside, multiply, quotient, subtract } from "../../tensor/integers.ts";
import { expOf, gatedOf, limbByIndex, lowBits, mean, norm, partsOf, roots, rounded, sumCells, turned } from "./integer-expressions.ts";
import { LOW_BITS, type TransformerProgram, upOf } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** Lists of outputs, by what they make, with the views that they take. */
export interface PassExpressions {
  /** [limb, row, channel]: the token's row of the embedding, which is the table. */
  readonly embedding: readonly Expression[];
  /** The state's limbs and its sums. */
  readonly normed: readonly Expression[];
  /** The views of `turnViews`. */
  readonly query: readonly Expression[];
  readonly key: readonly Expression[];
  /** Both limbs, from accumulators. */
  readonly value: readonly Expression[];
  /** A score where it is visible, and its row's largest; the table of exp. */
  readonly exp: readonly Expression[];
  /** Sums of both limbs, and of exp. */
  readonly mixed: readonly Expression[];
  /** [limb, row, channel]: both limbs of the state before, and accumulators. */
  readonly output: readonly Expression[];
  readonly down: readonly Expression[];
  /** Accumulators of gate and up; the table of the activation. */
  readonly gated: readonly Expression[];
}

export function passExpressions(program: TransformerProgram, table: ScoreTable): PassExpressions {
  const half = program.scales.valueBits / 2;
  const value = rounded(cell(0), program.value.shift).value;
  const { width } = program.config;
  const before = add(multiply(cell(0), 2 ** LOW_BITS), cell(1));
  const after = (name: "output" | "down"): Expression[] => [
    limbByIndex(add(before, rounded(cell(2), program[name].shift).value), LOW_BITS),
  ];
  const [gate, up] = [rounded(cell(0), program.gate.shift).value, rounded(cell(1), upOf(program).shift).value];
  return {
    embedding: [limbByIndex(entry(0, add(multiply(cell(0), width), index(2))), LOW_BITS)],
    normed: [norm(program, cell(0), cell(1), roots(program, sumCells(partsOf(width), 2)).reciprocal).normed],
    query: [turned(program.query.shift).value],
    key: [turned(program.key.shift).value],
    value: [quotient(value, 2 ** half), lowBits(value, half)],
    exp: [expOf(table, 0, subtract(cell(1), cell(0)), inside(0))],
    mixed: [mean(half, cell(0), cell(1), cell(2)).value],
    output: after("output"),
    down: after("down"),
    gated: [gatedOf(program, gate, up, 0).gated],
  };
}
