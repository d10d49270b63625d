/** The gated feed-forward part (SPEC §12.5): gate and up projections, silu by a table, their product, the down projection. */
import { functionTableName, functionValues } from "../../ops/function-table.ts";
import { onesOn, term } from "../../system/builder.ts";
import type { Frame } from "./frame.ts";
import { lowerProjection, lowerResidual } from "./lower-projection.ts";
import { siluOf } from "./tables.ts";

export function lowerFeed(frame: Frame): void {
  const { builder, program } = frame;
  const { scales } = program;
  const silu = siluOf(scales);
  frame.rows(
    builder.functionTable(functionTableName(silu), -(2 ** (scales.gateBits - 1)), functionValues(silu, scales.gateBits)),
    "gate",
    "silu",
  );
  frame.signed(scales.upBits, "up");
  frame.signed(scales.gatedBits, "gated");
  lowerProjection(frame, { name: "gate", ...program.gate }, "feed", ["hidden"], [[1, "gate"]], "gateRest");
  lowerProjection(frame, { name: "up", ...program.up }, "feed", ["hidden"], [[1, "up"]], "upRest");
  frame.unsigned(scales.gatedShift, "gatedRest");
  const axes = frame.axes("layers", "positions", "hidden");
  builder.constraint("gated", axes, [
    term(1, [frame.on("silu"), frame.on("up")]),
    term(2 ** (scales.gatedShift - 1), [], onesOn(axes)),
    term(-(2 ** scales.gatedShift), [frame.on("gated")]),
    term(-1, [frame.on("gatedRest")]),
  ]);
  lowerResidual(frame, { name: "down", ...program.down }, ["feed", "next"], ["hidden"], [[1, "gated"]], "downRest");
}
