/**
 * RMSNorm at every site and position (SPEC §12.3). With the state x = 2^9 h + l and S = sum x^2 + epsilon:
 *
 *   N = floor(sqrt S):  N^2 + rest = S, 0 <= rest <= 2 N      N, rest and 2 N - rest in limbs of base 2^10
 *   R = floor(K / N):   R N + rest' = K, 0 <= rest' < N       K = sqrt(width) 2^(norm exponent + rho)
 *   y = floor((x R + 2^(rho-1)) / 2^rho):  l R = 2^9 carry + low,  h R + carry + 2^(rho-10) = 2^(rho-9) y + rest''
 *
 * No product reaches 2^30: squares are compared modulo 2^10 and above it, joined by a carry.
 */
import { onesOn, term } from "../../system/builder.ts";
import type { Term } from "../../system/types.ts";
import type { Frame } from "./frame.ts";
import { ROW_BITS } from "./integer.ts";
import type { TraceName } from "./layout.ts";
import { LOW_BITS, normBits, RECIPROCAL_BITS, rootNumerator } from "./program.ts";

const ROW = 2 ** ROW_BITS;

export function lowerNorm(frame: Frame): void {
  const { scales, config, epsilon } = frame.program;
  const shift = scales.rootShift - LOW_BITS;
  frame.signed(scales.residualBits - LOW_BITS, "stateHigh");
  frame.unsigned(LOW_BITS, "stateLow", "normCarryLow", "normLow");
  frame.unsigned(RECIPROCAL_BITS - LOW_BITS, "normCarryHigh");
  frame.unsigned(shift, "normRest");
  frame.signed(normBits(config, scales), "normed");
  frame.unsigned(ROW_BITS, "rootHigh", "rootLow", "rootRestLow", "rootSlackLow");
  frame.unsigned(ROW_BITS, "reciprocalRestHigh", "reciprocalRestLow", "reciprocalSlackHigh", "reciprocalSlackLow");
  frame.unsigned(ROW_BITS + 1, "rootRestHigh", "rootSlackHigh");
  frame.unsigned(RECIPROCAL_BITS, "reciprocal", "reciprocalCarry");
  lowerRootCarry(frame);

  const rows = frame.axes("sites", "positions");
  const one = (coefficient: number): Term => term(coefficient, [], onesOn(rows));
  const by = (coefficient: number, ...names: readonly TraceName[]): Term =>
    term(
      coefficient,
      names.map((name) => frame.on(name)),
    );
  const numerator = rootNumerator(config, scales);
  const add = (name: string, terms: readonly Term[]): void => frame.builder.constraint(name, rows, terms);
  add("root, low", [
    by(1, "stateLow", "stateLow"),
    one(epsilon % ROW),
    by(-1, "rootLow", "rootLow"),
    by(-1, "rootRestLow"),
    by(-ROW, "rootCarry"),
  ]);
  add("root, high", [
    by(2 ** (2 * LOW_BITS - ROW_BITS), "stateHigh", "stateHigh"),
    by(2 ** (LOW_BITS + 1 - ROW_BITS), "stateHigh", "stateLow"),
    one(Math.floor(epsilon / ROW)),
    by(1, "rootCarry"),
    by(-ROW, "rootHigh", "rootHigh"),
    by(-2, "rootHigh", "rootLow"),
    by(-1, "rootRestHigh"),
  ]);
  add("root, rest", [
    by(2 * ROW, "rootHigh"),
    by(2, "rootLow"),
    by(-ROW, "rootRestHigh"),
    by(-1, "rootRestLow"),
    by(-ROW, "rootSlackHigh"),
    by(-1, "rootSlackLow"),
  ]);
  add("reciprocal, low", [
    by(1, "reciprocal", "rootLow"),
    by(1, "reciprocalRestLow"),
    by(-ROW, "reciprocalCarry"),
    one(-(numerator % ROW)),
  ]);
  add("reciprocal, high", [
    by(1, "reciprocal", "rootHigh"),
    by(1, "reciprocalRestHigh"),
    by(1, "reciprocalCarry"),
    one(-Math.floor(numerator / ROW)),
  ]);
  add("reciprocal, rest", [
    by(ROW, "rootHigh"),
    by(1, "rootLow"),
    one(-1),
    by(-ROW, "reciprocalRestHigh"),
    by(-1, "reciprocalRestLow"),
    by(-ROW, "reciprocalSlackHigh"),
    by(-1, "reciprocalSlackLow"),
  ]);

  const cells = frame.axes("sites", "positions", "width");
  frame.builder.constraint("norm, low", cells, [
    by(1, "stateLow", "reciprocal"),
    by(-(4 ** LOW_BITS), "normCarryHigh"),
    by(-(2 ** LOW_BITS), "normCarryLow"),
    by(-1, "normLow"),
  ]);
  frame.builder.constraint("norm", cells, [
    by(1, "stateHigh", "reciprocal"),
    by(2 ** LOW_BITS, "normCarryHigh"),
    by(1, "normCarryLow"),
    term(2 ** (shift - 1), [], onesOn(cells)),
    by(-(2 ** shift), "normed"),
    by(-1, "normRest"),
  ]);
}

/** What the low limbs of S are more than those of N^2 + rest, in units of 2^10: above -2^10 - 1 and at most width 2^8. */
function lowerRootCarry(frame: Frame): void {
  const least = -(2 ** (ROW_BITS + 1));
  const most = frame.sizes.width * 2 ** (2 * LOW_BITS - ROW_BITS) + 1;
  let bits = ROW_BITS + 2;
  while (2 ** bits + least <= most) bits++;
  frame.range(least, 2 ** bits, "rootCarry");
}
