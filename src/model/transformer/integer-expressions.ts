/**
 * What a transformer computes cell by cell, as expressions of the integer verbs: the same integers as integer.ts, in values below 2^31. Quotients of larger numbers
 * come digit by digit from limbs. Norms are in norm-expressions.ts.
 */
import { add, cell, constant, type Expression, entry, equal, index, less, multiply, quotient, subtract } from "../../tensor/integers.ts";
import { REST_BITS } from "./integer-attention.ts";
import type { SquareBits, TransformerProgram } from "./program.ts";
import { CLASS, type ScoreTable } from "./scores.ts";

export const ZERO = constant(0);
export const ONE = constant(1);

/** of mod 2^bits, in [0, 2^bits). */
export function lowBits(of: Expression, bits: number): Expression {
  return subtract(of, multiply(quotient(of, 2 ** bits), 2 ** bits));
}

/** floor((of + 2^(shift-1)) / 2^shift), and what is lost. */
export function rounded(of: Expression, shift: number): { readonly value: Expression; readonly rest: Expression } {
  const sum = add(of, 2 ** (shift - 1));
  const value = quotient(sum, 2 ** shift);
  return { value, rest: subtract(sum, multiply(value, 2 ** shift)) };
}

/** The limb of a value that index 0 names: 0 the high one, 1 the low one. */
export function limbByIndex(value: Expression, bits: number): Expression {
  const high = quotient(value, 2 ** bits);
  return choose(index(0), subtract(value, multiply(high, 2 ** bits)), high);
}

/** `yes` where a condition is 1, `no` where it is 0; they differ by less than 2^31. */
export function choose(condition: Expression, yes: Expression, no: Expression): Expression {
  return add(no, multiply(condition, subtract(yes, no)));
}

export function not(condition: Expression): Expression {
  return subtract(ONE, condition);
}

export function sum(...of: readonly Expression[]): Expression {
  return of.reduce((a, b) => add(a, b));
}

/** exp of a visible score that is `difference` below its row's largest. `exps` is the table of that column of scores.ts, whose first row repeats the second one. */
export function expOf({ step }: ScoreTable, exps: number, difference: Expression, visible: Expression): Expression {
  return multiply(visible, entry(exps, add(quotient(difference, step), ONE)));
}

/** A score's row in the table of scores, its offset, and the row's number: -1 for a score outside `limit`. */
export function scoreCells(table: ScoreTable, limit: number, exps: number, score: Expression, most: Expression, visible: Expression) {
  const { step, far } = table;
  const tail = far - step - 1;
  const end = step * table.exp.length;
  const [tails, lowest] = [Math.floor((2 * limit - end) / tail) + 1, -Math.ceil((2 * limit) / far)];
  const difference = subtract(most, score);
  const near = less(difference, end);
  const isMax = multiply(visible, equal(difference, ZERO));
  const isStep = multiply(multiply(visible, near), not(isMax));
  const isTail = not(near);
  const isVoid = multiply(near, not(visible));
  const [t, k, w] = [quotient(difference, step), quotient(subtract(difference, end), tail), quotient(difference, far)];
  const base = sum(
    multiply(isMax, -step),
    multiply(isStep, multiply(t, step)),
    multiply(isTail, add(multiply(k, tail), end - step - 1)),
    multiply(isVoid, subtract(multiply(w, far), far)),
  );
  const first = table.exp.length + 1;
  const row = sum(
    multiply(isStep, add(t, ONE)),
    multiply(isTail, add(k, first)),
    multiply(isVoid, add(w, first + Math.max(0, tails) - lowest)),
  );
  const inside = multiply(less(score, limit + 1), less(constant(-limit - 1), score));
  return {
    scoreBase: base,
    scoreExp: expOf(table, exps, difference, visible),
    scoreClass: sum(isMax, multiply(isTail, CLASS.tail), multiply(isVoid, CLASS.void)),
    scoreOffset: subtract(difference, base),
    row: subtract(multiply(inside, add(row, ONE)), ONE),
  };
}

/**
 * round(total / z), half up, for total = 2^half high + low in 2^(2 half) values around 0, with what lower-attention.ts proves it by. Long division in base 2: high has
 * half digits above -2^(half-1) z, what is left of it and low another half + 1.
 */
export function mean(half: number, high: Expression, low: Expression, z: Expression) {
  const middle = 2 ** (half - 1);
  const above = divide(add(high, multiply(z, middle)), z, half);
  const below = divide(add(multiply(above.rest, 2 ** half), low), z, half + 1);
  const up = not(less(add(below.rest, below.rest), z));
  const value = sum(multiply(subtract(above.quotient, constant(middle)), 2 ** half), below.quotient, up);
  const mixedHigh = quotient(value, 2 ** half);
  const carry = subtract(high, multiply(z, mixedHigh));
  const double = add(z, z);
  const rest = subtract(sum(below.rest, below.rest, z), multiply(up, double));
  const slack = subtract(subtract(double, ONE), rest);
  const limbs = (of: Expression) => [quotient(of, 2 ** REST_BITS), lowBits(of, REST_BITS)] as const;
  const [[mixedCarryHigh, mixedCarryLow], [mixedRestHigh, mixedRestLow], [mixedSlackHigh, mixedSlackLow]] = [
    limbs(carry),
    limbs(rest),
    limbs(slack),
  ];
  return {
    value,
    columns: {
      mixedHigh,
      mixedLow: lowBits(value, half),
      mixedCarryHigh,
      mixedCarryLow,
      mixedRestHigh,
      mixedRestLow,
      mixedSlackHigh,
      mixedSlackLow,
    },
  };
}

/** Quotient and rest of 0 <= of < 2^digits by, where 2^(digits - 1) by is below 2^31 too. */
export function divide(of: Expression, by: Expression, digits: number): { quotient: Expression; rest: Expression } {
  let [value, rest]: [Expression, Expression] = [ZERO, of];
  for (let k = digits - 1; k >= 0; k--) {
    const multiple = multiply(by, 2 ** k);
    const digit = not(less(rest, multiple));
    rest = subtract(rest, multiply(digit, multiple));
    value = add(add(value, value), digit);
  }
  return { quotient: value, rest };
}

/**
 * The turned value, from views of both halves and of the turn's two factors, and what its rounding loses. `flat`: bits that the halves are still to be rounded by; null
 * where they are.
 */
export function turned(flat: number | null, shift: number): { readonly value: Expression; readonly rest: Expression } {
  const half = (k: number): Expression => (flat === null ? cell(k) : rounded(cell(k), flat).value);
  return rounded(add(multiply(half(0), cell(2)), multiply(half(1), cell(3))), shift);
}

/** The activation of a rounded gate, or a limb of it; 0 for a gate that the table does not have. */
export function activatedOf({ scales }: TransformerProgram, gate: Expression, table: number): Expression {
  return entry(table, add(gate, 2 ** (scales.gateBits - 1)));
}

/** What is proven of a sum of squares, in the order of SQUARE_NAMES, from the sums of products of limbs (lower-square.ts). */
export function squareOf({ low: bits }: SquareBits, high: Expression, cross: Expression, low: Expression): readonly Expression[] {
  const carry = quotient(low, 2 ** (bits + 1));
  const middle = add(cross, carry);
  const above = quotient(middle, 2 ** (bits - 1));
  return [add(high, above), above, lowBits(middle, bits - 1), carry, lowBits(low, bits + 1)];
}

/** Names of the values after "mixed" or "feed". */
export const SQUARE_NAMES = ["Square", "SquareMiddle", "SquareMiddleRest", "SquareLow", "SquareLowRest"] as const;

/** Its product with up. */
export function gatedOf({ scales }: TransformerProgram, activated: Expression, up: Expression) {
  const { value, rest } = rounded(multiply(activated, up), scales.gatedShift);
  return { gated: value, gatedRest: rest };
}
