/** target[x] = high[x >> low_bits] low[x mod 2^low_bits], x < count, or adds it: an eq table from two smaller ones. Arguments: count, target, high, low, low_bits, whether to add. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const outer = step(
  "outer",
  "outer",
  wgsl`
fn outer(at: u32, x: u32) {
  let low_bits = argument(at + 4u);
  let low = element(argument(at + 3u) + (x & ((1u << low_bits) - 1u)));
  var product = qm31_mul(element(argument(at + 2u) + (x >> low_bits)), low);
  let dst = argument(at + 1u) + x;
  if (argument(at + 5u) == 1u) { product = qm31_add(product, element(dst)); }
  put(dst, product);
}`,
);
