/**
 * The norm of every head's queries or keys (SPEC §12.4). With S = sum x^2 + epsilon over a head's channels and K = sqrt(headWidth) 2^e:
 *
 *   N = floor(sqrt S):              N^2 + rest = S, 0 <= rest <= 2 N
 *   y = round(K x / N), half up:    2 K x + N = 2 N y + r, 0 <= r < 2 N
 *
 * S stays below 2^30 as the range of x says; gains are in the turn that follows.
 */
import { onesOn, term } from "../../system/builder.ts";
import type { Frame } from "./frame.ts";
import { type AxisName, TRACE_AXES } from "./layout.ts";
import { HEAD_ROOT_BITS, type HeadNorm, headNormBits, headNumerator, mostFlat } from "./program.ts";

export function lowerHeadNorm(frame: Frame, name: "query" | "key", norm: HeadNorm): void {
  const { builder, program } = frame;
  const limit = mostFlat(program.config);
  frame.range(-limit, 2 * limit + 1, `${name}Flat`);
  frame.unsigned(HEAD_ROOT_BITS, `${name}Root`);
  frame.unsigned(HEAD_ROOT_BITS + 1, `${name}RootRest`, `${name}RootSlack`, `${name}NormRest`, `${name}NormSlack`);
  frame.signed(headNormBits(program.config), `${name}Normed`);
  const heads: readonly AxisName[] = name === "query" ? ["groups", "members"] : ["groups"];
  const rows = frame.axes(...TRACE_AXES[`${name}Root`]);
  const cells = frame.axes(...TRACE_AXES[`${name}Normed`]);
  const [flat, root] = [frame.on(`${name}Flat`), frame.on(`${name}Root`)];
  builder.constraint(`${name} norm, root`, rows, [
    term(1, [flat, flat]),
    term(1, [frame.weight(`${name} norm epsilon`, norm.epsilon, "layers", ...heads)], onesOn(frame.axes("positions"))),
    term(-1, [root, root]),
    term(-1, [frame.on(`${name}RootRest`)]),
  ]);
  builder.constraint(`${name} norm, root's rest`, rows, [
    term(2, [root]),
    term(-1, [frame.on(`${name}RootRest`)]),
    term(-1, [frame.on(`${name}RootSlack`)]),
  ]);
  const channels = onesOn(frame.axes("pairs", "halves"));
  builder.constraint(`${name} norm`, cells, [
    term(2 * headNumerator(program.config), [flat]),
    term(1, [root], channels),
    term(-2, [root, frame.on(`${name}Normed`)]),
    term(-1, [frame.on(`${name}NormRest`)]),
  ]);
  builder.constraint(`${name} norm, rest`, cells, [
    term(2, [root], channels),
    term(-1, [], onesOn(cells)),
    term(-1, [frame.on(`${name}NormRest`)]),
    term(-1, [frame.on(`${name}NormSlack`)]),
  ]);
}
