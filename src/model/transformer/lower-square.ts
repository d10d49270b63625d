/**
 * The sum of squares of a position's values in limbs, a = 2^b h + l (SPEC §12.8), which bounds their Euclidean length and so all sums of their products with weights:
 *
 *   sum l^2 = 2^(b+1) c + c'        sum h l + c = 2^(b-1) m + m'        sum h^2 + m = q
 *
 * with c', m' looked up below 2^(b+1) and 2^(b-1), and q: sum a^2 = 2^(2b) q + 2^(b+1) m' + c' < 2^(2b) (q + 1).
 */
import { term } from "../../system/builder.ts";
import type { Frame } from "./frame.ts";
import { type AxisName, sizeOfAxis } from "./layout.ts";
import { highLength, lowLength, type SquareBits } from "./program.ts";

/** `over`: the axes of a position's values. */
export function lowerSquare(frame: Frame, name: "mixed" | "feed", bits: SquareBits, over: readonly AxisName[]): void {
  const { builder, sizes } = frame;
  const count = over.reduce((n, axis) => n * sizeOfAxis(sizes, axis), 1);
  const countBits = Math.ceil(Math.log2(count));
  frame.unsigned(bits.square - 2 * bits.low, `${name}Square`);
  frame.signed(countBits + bits.values - bits.low + 2, `${name}SquareMiddle`);
  frame.unsigned(bits.low - 1, `${name}SquareMiddleRest`);
  frame.unsigned(countBits + bits.low, `${name}SquareLow`);
  frame.unsigned(bits.low + 1, `${name}SquareLowRest`);
  const rows = frame.axes("layers", "positions");
  const [high, low] = [frame.on(`${name}High`), frame.on(`${name}Low`)];
  builder.constraint(`${name} square, low`, rows, [
    term(1, [low, low]),
    term(-(2 ** (bits.low + 1)), [frame.on(`${name}SquareLow`)]),
    term(-1, [frame.on(`${name}SquareLowRest`)]),
  ]);
  builder.constraint(`${name} square, middle`, rows, [
    term(1, [high, low]),
    term(1, [frame.on(`${name}SquareLow`)]),
    term(-(2 ** (bits.low - 1)), [frame.on(`${name}SquareMiddle`)]),
    term(-1, [frame.on(`${name}SquareMiddleRest`)]),
  ]);
  builder.constraint(`${name} square, high`, rows, [
    term(1, [high, high]),
    term(1, [frame.on(`${name}SquareMiddle`)]),
    term(-1, [frame.on(`${name}Square`)]),
  ]);
  frame.bounded(`${name}High`, { most: highLength(bits, count), axes: over.length });
  frame.bounded(`${name}Low`, { most: lowLength(bits, count), axes: over.length });
}
