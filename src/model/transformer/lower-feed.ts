/**
 * The feed-forward part (SPEC §12.5): the gate projection, its activation by a table, the product with the up projection if there is one, the down projection. What
 * down reads is in two limbs.
 */
import { functionTableName } from "../../ops/function-table.ts";
import { onesOn, term } from "../../system/builder.ts";
import type { Frame } from "./frame.ts";
import { lowerProjection, lowerResidual } from "./lower-projection.ts";
import { lowerSquare } from "./lower-square.ts";
import { FEED_LOW_BITS, feedLimbs, type IntegerMatrix } from "./program.ts";
import { activationOf, activationTable } from "./tables.ts";

const LOW = 2 ** FEED_LOW_BITS;

export function lowerFeed(frame: Frame): void {
  const { builder, program } = frame;
  const { scales, config } = program;
  const name = functionTableName(activationOf(config, scales));
  const values = activationTable(config, scales);
  const lowest = -(2 ** (scales.gateBits - 1));
  if (program.up) frame.rows(builder.functionTable(name, lowest, values), "gate", "activated");
  else {
    const limbs = [values.map((v) => v >> FEED_LOW_BITS), values.map((v) => v & (LOW - 1))] as const;
    frame.rows(builder.functionTable(`${name} in limbs`, lowest, ...limbs), "gate", "feedHigh", "feedLow");
  }
  lowerProjection(frame, { name: "gate", ...program.gate }, "feed", ["hidden"], [[1, "gate"]], "gateRest");
  if (program.up) lowerGated(frame, program.up);
  lowerSquare(frame, "feed", feedLimbs(scales), ["hidden"]);
  const limbs = [[LOW, "feedHigh"] as const, [1, "feedLow"] as const];
  lowerResidual(frame, { name: "down", ...program.down }, ["feed", "next"], ["hidden"], limbs, "downRest", {
    skip: program.skips?.down,
    factors: program.streamFactors?.down,
  });
}

/** round(activated up / 2^gatedShift). */
function lowerGated(frame: Frame, matrix: IntegerMatrix): void {
  const { upBits, feedBits, gatedShift } = frame.program.scales;
  frame.signed(upBits, "up");
  frame.signed(feedBits - FEED_LOW_BITS, "feedHigh");
  frame.unsigned(FEED_LOW_BITS, "feedLow");
  lowerProjection(frame, { name: "up", ...matrix }, "feed", ["hidden"], [[1, "up"]], "upRest");
  frame.unsigned(gatedShift, "gatedRest");
  const axes = frame.axes("layers", "positions", "hidden");
  frame.builder.constraint("gated", axes, [
    term(1, [frame.on("activated"), frame.on("up")]),
    term(2 ** (gatedShift - 1), [], onesOn(axes)),
    term(-(2 ** gatedShift) * LOW, [frame.on("feedHigh")]),
    term(-(2 ** gatedShift), [frame.on("feedLow")]),
    term(-1, [frame.on("gatedRest")]),
  ]);
}
