/**
 * Binds the first variable in place: table[x] = table[x] + r (table[x + half] - table[x]), x < half.
 * Arguments: count = tables * 2^bits; bits, so that every half is at most 2^bits; r; then (address, half) of every table.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const bind = step(
  "bind",
  "bind",
  wgsl`
fn bind(at: u32, i: u32) {
  let bits = argument(at + 1u);
  let table = at + 3u + 2u * (i >> bits);
  let x = i & ((1u << bits) - 1u);
  let half = argument(table + 1u);
  if (x >= half) { return; }
  let p = argument(table) + x;
  put(p, line(element(p), element(p + half), element(argument(at + 2u))));
}`,
);
