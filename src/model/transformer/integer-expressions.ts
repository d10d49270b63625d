/**
 * What a decoder computes cell by cell, as expressions of the integer verbs: the same integers as integer.ts, in values below 2^31. Roots and quotients of larger
 * numbers come digit by digit from limbs.
 */
import {
  add,
  cell,
  constant,
  type Expression,
  entry,
  equal,
  index,
  least,
  less,
  multiply,
  quotient,
  subtract,
} from "../../tensor/integers.ts";
import { REST_BITS } from "./integer-attention.ts";
import { LOW_BITS, ROTATION_BITS, reciprocalBits, rootHighBits, rootNumerator, type TransformerProgram } from "./program.ts";
import { CLASS, type ScoreTable } from "./scores.ts";

const LOW = 2 ** LOW_BITS;
const ZERO = constant(0);
const ONE = constant(1);
/** In no table: for roots and rests of sums that are too large. */
const TOO_LARGE = 2 ** 29;

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
function choose(condition: Expression, yes: Expression, no: Expression): Expression {
  return add(no, multiply(condition, subtract(yes, no)));
}

function not(condition: Expression): Expression {
  return subtract(ONE, condition);
}

function sum(...of: readonly Expression[]): Expression {
  return of.reduce((a, b) => add(a, b));
}

/** Sums of squares of the state's high limbs, of products of both, and of squares of low limbs, each in parts that are added here. */
export interface StateSums {
  readonly high: readonly Expression[];
  readonly cross: readonly Expression[];
  readonly low: readonly Expression[];
}

/** Squares of low limbs are added in parts that stay below 2^30. */
const PART = 2 ** (30 - 2 * LOW_BITS);

/** How many parts the sums have. */
export function partsOf(width: number): number {
  return Math.ceil(width / PART);
}

/** What `roots` takes if the sums' parts are views `first`, first + 1, .. */
export function sumCells(parts: number, first: number): StateSums {
  const of = (kind: number) => Array.from({ length: parts }, (_, part) => cell(first + kind * parts + part));
  return { high: of(0), cross: of(1), low: of(2) };
}

/** A norm's root N, its rest, the reciprocal R = floor(K / N) and its rest, with the carries between their limbs (lower-norm.ts). */
export function roots({ config, scales, epsilon }: TransformerProgram, sums: StateSums) {
  const bits = rootHighBits(config, scales);
  const [high, cross, low] = [sum(...sums.high), sum(...sums.cross), sum(...sums.low)];
  const lowest = add(low, epsilon % LOW);
  const middle = sum(cross, cross, constant(Math.floor(epsilon / LOW)), quotient(lowest, LOW));
  const highest = add(high, quotient(middle, LOW));
  const { root, rest } = squareRoot(highest, bits, [lowBits(middle, LOW_BITS), lowBits(lowest, LOW_BITS)]);
  const numerator = rootNumerator(config, scales);
  const { reciprocal, rest: divided } = quotientOf(numerator, root, reciprocalBits(config, scales));
  const [rootHigh, rootLow] = [quotient(root, LOW), lowBits(root, LOW_BITS)];
  const [rootRestHigh, rootRestLow] = [quotient(rest, LOW), lowBits(rest, LOW_BITS)];
  const rootSlack = subtract(add(root, root), rest);
  const rootCarryLow = quotient(subtract(subtract(lowest, multiply(rootLow, rootLow)), rootRestLow), LOW);
  const rootProduct = multiply(rootHigh, rootLow);
  const middleRest = sum(cross, cross, constant(Math.floor(epsilon / LOW)), rootCarryLow);
  const slack = subtract(subtract(root, ONE), divided);
  return {
    rootHigh,
    rootLow,
    rootRestHigh,
    rootRestLow,
    rootSlackHigh: quotient(rootSlack, LOW),
    rootSlackLow: lowBits(rootSlack, LOW_BITS),
    rootCarryLow,
    rootCarryHigh: quotient(subtract(subtract(middleRest, add(rootProduct, rootProduct)), rootRestHigh), LOW),
    reciprocal,
    reciprocalCarry: quotient(add(multiply(reciprocal, rootLow), lowBits(divided, LOW_BITS)), LOW),
    reciprocalRestHigh: quotient(divided, LOW),
    reciprocalRestLow: lowBits(divided, LOW_BITS),
    reciprocalSlackHigh: quotient(slack, LOW),
    reciprocalSlackLow: lowBits(slack, LOW_BITS),
  };
}

/** floor(sqrt S) for S = high and lower limbs of LOW_BITS, high below 4^bits; what is left is 0 to twice the root, or too large if high is. */
function squareRoot(high: Expression, bits: number, lower: readonly Expression[]): { root: Expression; rest: Expression } {
  let root: Expression = ZERO;
  let rest: Expression = ZERO;
  const step = (limb: Expression, k: number): void => {
    const twice = add(rest, rest);
    const trial = add(sum(twice, twice), lowBits(quotient(limb, 4 ** k), 2));
    const double = add(root, root);
    const needed = add(add(double, double), ONE);
    const digit = not(less(trial, needed));
    rest = subtract(trial, multiply(digit, needed));
    root = add(double, digit);
  };
  for (let k = bits - 1; k >= 0; k--) step(high, k);
  for (const limb of lower) for (let k = LOW_BITS / 2 - 1; k >= 0; k--) step(limb, k);
  return { root, rest: choose(less(high, 4 ** bits), rest, constant(TOO_LARGE)) };
}

/** floor(numerator / of) for of >= 1, cut above 2^bits, and what is left. */
function quotientOf(numerator: number, of: Expression, bits: number): { reciprocal: Expression; rest: Expression } {
  let reciprocal: Expression = ZERO;
  let rest: Expression = ZERO;
  const most = constant(2 ** (bits + 2));
  for (let k = Math.floor(Math.log2(numerator)); k >= 0; k--) {
    const double = add(rest, rest);
    const trial = Math.floor(numerator / 2 ** k) % 2 === 1 ? add(double, ONE) : double;
    const digit = not(less(trial, of));
    rest = subtract(trial, multiply(digit, of));
    reciprocal = least(add(add(reciprocal, reciprocal), digit), most);
  }
  return { reciprocal, rest };
}

/** round(x R / 2^rho) for x in limbs. */
export function norm({ scales }: TransformerProgram, high: Expression, low: Expression, reciprocal: Expression) {
  const lows = multiply(low, reciprocal);
  const carry = quotient(lows, LOW);
  const { value, rest } = rounded(add(multiply(high, reciprocal), carry), scales.rootShift - LOW_BITS);
  return {
    normed: value,
    normCarryHigh: quotient(carry, LOW),
    normCarryLow: lowBits(carry, LOW_BITS),
    normLow: subtract(lows, multiply(carry, LOW)),
    normRest: rest,
  };
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

/** Quotient and rest of 0 <= of < 2^digits by. */
function divide(of: Expression, by: Expression, digits: number): { quotient: Expression; rest: Expression } {
  let [value, rest]: [Expression, Expression] = [ZERO, of];
  for (let k = digits - 1; k >= 0; k--) {
    const multiple = multiply(by, 2 ** k);
    const digit = not(less(rest, multiple));
    rest = subtract(rest, multiply(digit, multiple));
    value = add(add(value, value), digit);
  }
  return { quotient: value, rest };
}

/** The turned value, from views of both halves' accumulators and of the turn's two factors, and what its rounding loses. */
export function turned(shift: number): { readonly value: Expression; readonly rest: Expression } {
  const by = (k: number): Expression => multiply(rounded(cell(k), shift).value, cell(2 + k));
  return rounded(add(by(0), by(1)), ROTATION_BITS);
}

/** The activated gate and its product with up, from rounded values. */
export function gatedOf({ scales }: TransformerProgram, gate: Expression, up: Expression, table: number) {
  const activated = entry(table, add(gate, 2 ** (scales.gateBits - 1)));
  const { value, rest } = rounded(multiply(activated, up), scales.gatedShift);
  return { activated, gated: value, gatedRest: rest };
}
