/** Sums of squares of a position's values in limbs, as lower-square.ts proves them. */
import { ModelError } from "../../errors.ts";
import type { IntegerRun } from "./integer-run.ts";
import type { SquareBits } from "./program.ts";

/** @throws ModelError if the sum leaves its bits */
export function setSquare(run: IntegerRun, name: "mixed" | "feed", bits: SquareBits, layer: number, position: number, count: number): void {
  const { trace, sizes, program } = run;
  const row = layer * sizes.positions + position;
  const [highs, lows] = [trace[`${name}High`], trace[`${name}Low`]];
  let [high, cross, low] = [0, 0, 0];
  for (let k = row * count; k < (row + 1) * count; k++) {
    const [h, l] = [highs[k]!, lows[k]!];
    high += h * h;
    cross += h * l;
    low += l * l;
  }
  const carry = Math.floor(low / 2 ** (bits.low + 1));
  const middle = Math.floor((cross + carry) / 2 ** (bits.low - 1));
  const square = high + middle;
  if (square >= 2 ** (bits.square - 2 * bits.low))
    throw new ModelError(
      `${program.name} reaches ${name === "mixed" ? "mixed values" : "hidden values"} of the square ${square * 4 ** bits.low}, outside ${bits.square} bits, at position ${position}`,
    );
  trace[`${name}Square`][row] = square;
  trace[`${name}SquareMiddle`][row] = middle;
  trace[`${name}SquareMiddleRest`][row] = cross + carry - middle * 2 ** (bits.low - 1);
  trace[`${name}SquareLow`][row] = carry;
  trace[`${name}SquareLowRest`][row] = low - carry * 2 ** (bits.low + 1);
}
