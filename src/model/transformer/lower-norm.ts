/**
 * The norm at every site and position (SPEC §12.3). With the state x = 2^10 h + l and S = sum w x^2 + epsilon, w the channels' weights:
 *
 *   N = floor(sqrt S):  N^2 + rest = S, 0 <= rest <= 2 N      N, rest and 2 N - rest in limbs of base 2^10
 *   R = floor(K / N):   R N + rest' = K, 0 <= rest' < N       K = sqrt(width) 2^(norm exponent + rho)
 *   y = floor((x R + 2^(rho-1)) / 2^rho):  l R = 2^10 carry + low,  h R + carry + 2^(rho-11) = 2^(rho-10) y + rest''
 *
 * No product reaches 2^30: S and N^2 are compared limb by limb, joined by carries.
 */
import { onesOn, term } from "../../system/builder.ts";
import type { Term } from "../../system/types.ts";
import type { Frame } from "./frame.ts";
import type { TraceName } from "./layout.ts";
import { epsilonLimbs, LOW_BITS, normLength, reciprocalBits, rootHighBits, rootNumerator, squareWeights } from "./program.ts";

const LOW = 2 ** LOW_BITS;

export function lowerNorm(frame: Frame): void {
  const { scales, config } = frame.program;
  const epsilon = epsilonLimbs(frame.program);
  const shift = scales.rootShift - LOW_BITS;
  frame.signed(scales.residualBits - LOW_BITS, "stateHigh");
  frame.unsigned(LOW_BITS, "stateLow", "normCarryLow", "normLow");
  const reciprocal = reciprocalBits(config, scales);
  frame.unsigned(reciprocal - LOW_BITS, "normCarryHigh");
  frame.unsigned(shift, "normRest");
  frame.signed(scales.normBits, "normed");
  const rootBits = rootHighBits(config, scales);
  frame.unsigned(LOW_BITS, "rootLow", "rootRestLow", "rootSlackLow", "reciprocalRestLow", "reciprocalSlackLow");
  frame.unsigned(rootBits, "rootHigh", "reciprocalRestHigh", "reciprocalSlackHigh");
  frame.unsigned(rootBits + 1, "rootRestHigh", "rootSlackHigh");
  frame.unsigned(reciprocal, "reciprocal", "reciprocalCarry");
  lowerRootCarries(frame, rootBits);

  const rows = frame.axes("sites", "positions");
  const one = (coefficient: number): Term => term(coefficient, [], onesOn(rows));
  const by = (coefficient: number, ...names: readonly TraceName[]): Term =>
    term(
      coefficient,
      names.map((name) => frame.on(name)),
    );
  /** Weighted by channel, if not all weights are 1. */
  const squares = frame.program.channelSquares;
  frame.bounded("normed", { most: normLength(config, scales), ...(squares && { weights: squares }) });
  const weights = squares ? [frame.weight("channel squares", squares, "width")] : [];
  const summed = (coefficient: number, ...names: readonly TraceName[]): Term =>
    term(coefficient, [...weights, ...names.map((name) => frame.on(name))]);
  const numerator = rootNumerator(config, scales);
  const add = (name: string, terms: readonly Term[]): void => frame.builder.constraint(name, rows, terms);
  add("root, low", [
    summed(1, "stateLow", "stateLow"),
    epsilonTerm(frame, "low", epsilon.low),
    by(-1, "rootLow", "rootLow"),
    by(-1, "rootRestLow"),
    by(-LOW, "rootCarryLow"),
  ]);
  add("root, middle", [
    summed(2, "stateHigh", "stateLow"),
    epsilonTerm(frame, "high", epsilon.high),
    by(1, "rootCarryLow"),
    by(-2, "rootHigh", "rootLow"),
    by(-1, "rootRestHigh"),
    by(-LOW, "rootCarryHigh"),
  ]);
  add("root, high", [summed(1, "stateHigh", "stateHigh"), by(1, "rootCarryHigh"), by(-1, "rootHigh", "rootHigh")]);
  add("root, rest", [
    by(2 * LOW, "rootHigh"),
    by(2, "rootLow"),
    by(-LOW, "rootRestHigh"),
    by(-1, "rootRestLow"),
    by(-LOW, "rootSlackHigh"),
    by(-1, "rootSlackLow"),
  ]);
  add("reciprocal, low", [
    by(1, "reciprocal", "rootLow"),
    by(1, "reciprocalRestLow"),
    by(-LOW, "reciprocalCarry"),
    one(-(numerator % LOW)),
  ]);
  add("reciprocal, high", [
    by(1, "reciprocal", "rootHigh"),
    by(1, "reciprocalRestHigh"),
    by(1, "reciprocalCarry"),
    one(-Math.floor(numerator / LOW)),
  ]);
  add("reciprocal, rest", [
    by(LOW, "rootHigh"),
    by(1, "rootLow"),
    one(-1),
    by(-LOW, "reciprocalRestHigh"),
    by(-1, "reciprocalRestLow"),
    by(-LOW, "reciprocalSlackHigh"),
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

/** A limb of what is added to every sum: the same at all sites, or one of each. */
function epsilonTerm(frame: Frame, name: string, { values, isCommon }: { readonly values: Int32Array; readonly isCommon: boolean }): Term {
  if (isCommon) return term(values[0] ?? 0, [], onesOn(frame.axes("sites", "positions")));
  return term(1, [frame.weight(`epsilon, ${name}`, values, "sites")], onesOn(frame.axes("positions")));
}

/** The carries between the three comparisons of S with N^2 + rest, in ranges that hold whatever the state is. */
function lowerRootCarries(frame: Frame, rootBits: number): void {
  const total = squareWeights(frame.program.config, frame.program.scales);
  const high = 2 ** (frame.program.scales.residualBits - LOW_BITS);
  const around = (name: TraceName, least: number, most: number): void => {
    const below = 2 ** Math.ceil(Math.log2(-least));
    frame.range(-below, 2 ** Math.ceil(Math.log2(most + 1 + below)), name);
  };
  around("rootCarryLow", -(LOW + 1), total * LOW + 1);
  around("rootCarryHigh", -(total * high + 2 ** (rootBits + 1) + 2), total * (high + 1) + 1);
}
