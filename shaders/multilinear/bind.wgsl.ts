/**
 * Binds the first variable in place: table[x] = table[x] + r (table[x + half] - table[x]), x < half.
 * Arguments: count = largest * tables; largest half; r; then (address, half) of every table.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const bind = step(
  "bind",
  "bind",
  wgsl`
fn bind(at: u32, i: u32) {
  let largest = argument(at + 1u);
  let t = i / largest; // divides once an invocation
  let x = i - t * largest;
  let half = argument(at + 4u + 2u * t);
  if (x >= half) { return; }
  let p = argument(at + 3u + 2u * t) + x;
  put(p, line(element(p), element(p + half), element(argument(at + 2u))));
}`,
);
