/** The line domain D(n) of the code (SPEC §3.1): x-coordinates of the points index 2^(31-n-2) + i 2^(31-n), in natural order. */
import * as m31 from "../field/m31.ts";
import { ensure } from "./check.ts";

type Point = readonly [x: number, y: number];

const GENERATOR: Point = [2, 1268011823];

/** All 2^n entries of D(n), n <= 29. The second half is the negated first. */
export function lineDomain(n: number): Uint32Array {
  ensure(n >= 0 && n <= 29, `There is no line domain of 2^${n} points`);
  const out = new Uint32Array(2 ** n);
  const step = multiple(2 ** (31 - n));
  let point = multiple(2 ** (31 - n - 2));
  for (let i = 0; i < out.length; i++) {
    out[i] = point[0];
    point = add(point, step);
  }
  return out;
}

function add(p: Point, q: Point): Point {
  return [m31.sub(m31.mul(p[0], q[0]), m31.mul(p[1], q[1])), m31.add(m31.mul(p[0], q[1]), m31.mul(p[1], q[0]))];
}

/** The generator times 2^k, given as 2^k. */
function multiple(power: number): Point {
  let point = GENERATOR;
  for (let k = power; k > 1; k /= 2) point = add(point, point);
  return point;
}
