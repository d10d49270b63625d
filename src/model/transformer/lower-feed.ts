/** The feed-forward part (SPEC §12.5): the gate projection, its activation by a table, the product with the up projection if there is one, the down projection. */
import { functionTableName } from "../../ops/function-table.ts";
import { onesOn, term } from "../../system/builder.ts";
import type { Frame } from "./frame.ts";
import { lowerProjection, lowerResidual } from "./lower-projection.ts";
import type { IntegerMatrix } from "./program.ts";
import { downInput } from "./program.ts";
import { activationOf, activationTable } from "./tables.ts";

export function lowerFeed(frame: Frame): void {
  const { builder, program } = frame;
  const { scales, config } = program;
  const activation = activationOf(config, scales);
  frame.rows(
    builder.functionTable(functionTableName(activation), -(2 ** (scales.gateBits - 1)), activationTable(config, scales)),
    "gate",
    "activated",
  );
  lowerProjection(frame, { name: "gate", ...program.gate }, "feed", ["hidden"], [[1, "gate"]], "gateRest");
  if (program.up) lowerGated(frame, program.up);
  const input = downInput(config, scales).name;
  lowerResidual(frame, { name: "down", ...program.down }, ["feed", "next"], ["hidden"], [[1, input]], "downRest", program.skips?.down);
}

/** round(activated up / 2^gatedShift). */
function lowerGated(frame: Frame, matrix: IntegerMatrix): void {
  const { upBits, gatedBits, gatedShift } = frame.program.scales;
  frame.signed(upBits, "up");
  frame.signed(gatedBits, "gated");
  lowerProjection(frame, { name: "up", ...matrix }, "feed", ["hidden"], [[1, "up"]], "upRest");
  frame.unsigned(gatedShift, "gatedRest");
  const axes = frame.axes("layers", "positions", "hidden");
  frame.builder.constraint("gated", axes, [
    term(1, [frame.on("activated"), frame.on("up")]),
    term(2 ** (gatedShift - 1), [], onesOn(axes)),
    term(-(2 ** gatedShift), [frame.on("gated")]),
    term(-1, [frame.on("gatedRest")]),
  ]);
}
