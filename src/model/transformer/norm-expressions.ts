/**
 * The norms of a transformer as expressions of the integer verbs: the same integers as integer-norm.ts, in values below 2^31. Roots and reciprocals come digit by
 * digit.
 */
import { P } from "../../field/m31.ts";
import { add, cell, constant, type Expression, least, less, multiply, quotient, subtract } from "../../tensor/integers.ts";
import { choose, divide, lowBits, not, ONE, rounded, sum, ZERO } from "./integer-expressions.ts";
import type { TransformerConfig } from "./model.ts";
import {
  epsilonLimbs,
  HEAD_ROOT_BITS,
  headNumerator,
  LOW_BITS,
  reciprocalBits,
  rootHighBits,
  rootNumerator,
  type TransformerProgram,
} from "./program.ts";

const LOW = 2 ** LOW_BITS;
/** In no table: for rests of sums that are too large. */
const TOO_LARGE = 2 ** 29;

/** Sums of squares of the state's high limbs, of products of both, and of squares of low limbs, weighted by channel. */
export interface StateSums {
  readonly high: Expression;
  readonly cross: Expression;
  readonly low: Expression;
  readonly epsilonLow: Expression;
  readonly epsilonHigh: Expression;
}

/** Of pairs of limbs, the high one first: the sums of their products that `sumCells` takes, in its order. */
export const SUMS = [
  [0, 0],
  [0, 1],
  [1, 1],
] as const;

/**
 * What `roots` takes if those sums are views `first`, first + 1, .. and limbs of epsilon that differ by site follow them. The sum of low
 * limbs may be any number below p, so that cells from 2^30 on are read as negative.
 */
export function sumCells(program: TransformerProgram, first: number): StateSums {
  const [high, cross, low] = [cell(first), cell(first + 1), cell(first + 2)];
  const epsilon = epsilonLimbs(program);
  let next = first + SUMS.length;
  const limb = ({ values, isCommon }: (typeof epsilon)["low"]) => (isCommon ? constant(values[0] ?? 0) : cell(next++));
  return {
    high,
    cross,
    low: add(low, multiply(less(low, 0), P)),
    epsilonLow: limb(epsilon.low),
    epsilonHigh: limb(epsilon.high),
  };
}

/** A norm's root N, its rest, the reciprocal R = floor(K / N) and its rest, with the carries between their limbs (lower-norm.ts). */
export function roots({ config, scales }: TransformerProgram, sums: StateSums) {
  const bits = rootHighBits(config, scales);
  const { high, cross, low, epsilonLow, epsilonHigh } = sums;
  const lowest = add(low, epsilonLow);
  const middle = sum(cross, cross, epsilonHigh, quotient(lowest, LOW));
  const highest = add(high, quotient(middle, LOW));
  const { root, rest } = squareRoot(highest, bits, [lowBits(middle, LOW_BITS), lowBits(lowest, LOW_BITS)]);
  const numerator = rootNumerator(config, scales);
  const { reciprocal, rest: divided } = quotientOf(numerator, root, reciprocalBits(config, scales));
  const [rootHigh, rootLow] = [quotient(root, LOW), lowBits(root, LOW_BITS)];
  const [rootRestHigh, rootRestLow] = [quotient(rest, LOW), lowBits(rest, LOW_BITS)];
  const rootSlack = subtract(add(root, root), rest);
  const rootCarryLow = quotient(subtract(subtract(lowest, multiply(rootLow, rootLow)), rootRestLow), LOW);
  const rootProduct = multiply(rootHigh, rootLow);
  const middleRest = sum(cross, cross, epsilonHigh, rootCarryLow);
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

/** N = floor(sqrt S) of a head, S < 2^30, with its rest and what that is below 2 N. */
export function headRoot(of: Expression): readonly Expression[] {
  const { root, rest } = squareRoot(of, HEAD_ROOT_BITS, []);
  return [root, rest, subtract(add(root, root), rest)];
}

/**
 * y = round(K x / N), half up, for |x| <= N, with the rest r of 2 K x + N = 2 N y + r and what that is below 2 N - 1. As floor((2 K x + N) / (2 N)) is
 * floor((K x + floor(N / 2)) / N), the division is by N; (K + 1) N more makes it one of a positive number.
 */
export function headNormed(config: Pick<TransformerConfig, "headWidth">, x: Expression, root: Expression): readonly Expression[] {
  const numerator = headNumerator(config);
  const most = numerator + 1;
  const raised = sum(multiply(x, numerator), quotient(root, 2), multiply(root, most));
  const divided = divide(raised, root, Math.ceil(Math.log2(2 * most)));
  const rest = sum(divided.rest, divided.rest, lowBits(root, 1));
  const double = add(root, root);
  return [subtract(divided.quotient, most), rest, subtract(subtract(double, ONE), rest)];
}
