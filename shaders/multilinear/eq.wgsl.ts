/**
 * target[x] = weight prod_c condition_c prod_k (x_k ? w_k : 1 - w_k), x < count = 2^bits, or adds it: every entry on its own, for few variables.
 * Arguments: count, target, bits, weight, number of conditions, whether to add; the addresses of the point's scalars; (address, bit) of the conditions: s or 1 - s.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const eq = step(
  "eq",
  "eq",
  wgsl`
fn eq(at: u32, x: u32) {
  let bits = argument(at + 2u);
  var product = element(argument(at + 3u));
  for (var k = 0u; k < bits + argument(at + 4u); k++) {
    let condition = at + 6u + bits + 2u * (k - bits);
    var factor = at + 6u + k;
    var bit = (x >> (bits - 1u - k)) & 1u;
    if (k >= bits) {
      factor = condition;
      bit = argument(condition + 1u);
    }
    let s = element(argument(factor));
    product = qm31_mul(product, select(qm31_sub(ONE, s), s, bit == 1u));
  }
  let dst = argument(at + 1u) + x;
  if (argument(at + 5u) == 1u) { product = qm31_add(product, element(dst)); }
  put(dst, product);
}`,
);
