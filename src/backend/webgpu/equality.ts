/** eq tables on the device (SPEC §1.5): entry by entry for few variables, from two smaller tables for many. */
import { eq } from "../../../shaders/multilinear/eq.wgsl.ts";
import { outer } from "../../../shaders/multilinear/outer.wgsl.ts";
import type { Workspace } from "./workspace.ts";

/** Variables up to which an entry is multiplied out alone. */
const FEW = 8;

/** A factor s or 1 - s: element address of s, and which. */
export type Condition = readonly [address: number, bit: number];

/**
 * target[x] = weight * conditions * eq(point, x), or adds it, x < 2^point.length.
 * @param target element address
 * @param point element addresses of the coordinates
 * @param weight element address
 */
export function writeEq(
  space: Workspace,
  target: number,
  point: readonly number[],
  weight: number,
  conditions: readonly Condition[],
  accumulate: 0 | 1,
  one: number,
): void {
  const count = 2 ** point.length;
  if (point.length <= FEW) {
    const parameters = [count, target, point.length, weight, conditions.length, accumulate, ...point, ...conditions.flat()];
    space.each(eq, count * (point.length + conditions.length), parameters);
    return;
  }
  const lowBits = point.length >> 1;
  const split = point.length - lowBits;
  space.withMemory(2 ** split, (high) => {
    space.withMemory(2 ** lowBits, (low) => {
      writeEq(space, high, point.slice(0, split), weight, conditions, 0, one);
      writeEq(space, low, point.slice(split), one, [], 0, one);
      space.each(outer, count, [count, target, high, low, lowBits, accumulate]);
    });
  });
}
