/**
 * A list of small eq tables: target[x] = weight prod_c condition_c prod_k (x_k ? w_k : 1 - w_k), x < 2^bits, or adds it; every entry on its own. The targets are disjoint.
 * Arguments: count of all entries; number of items; (index past the item's last, offset) of each. From `offset` on: target, bits, weight, number of
 * conditions, whether to add; the addresses of the point's scalars; (address, bit) of the conditions: s or 1 - s.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const eq = step(
  "eq",
  "eq",
  wgsl`
fn eq(at: u32, i: u32) {
  var first = 0u;
  var last = argument(at + 1u) - 1u;
  while (first < last) {
    let middle = (first + last) >> 1u;
    if (argument(at + 2u + 2u * middle) <= i) { first = middle + 1u; } else { last = middle; }
  }
  let item = at + argument(at + 3u + 2u * first);
  let bits = argument(item + 1u);
  let x = i + (1u << bits) - argument(at + 2u + 2u * first);
  var product = element(argument(item + 2u));
  for (var k = 0u; k < bits + argument(item + 3u); k++) {
    let condition = item + 5u + bits + 2u * (k - bits);
    var factor = item + 5u + k;
    var bit = (x >> (bits - 1u - k)) & 1u;
    if (k >= bits) {
      factor = condition;
      bit = argument(condition + 1u);
    }
    let s = element(argument(factor));
    product = qm31_mul(product, select(qm31_sub(ONE, s), s, bit == 1u));
  }
  let dst = argument(item) + x;
  if (argument(item + 4u) == 1u) { product = qm31_add(product, element(dst)); }
  put(dst, product);
}`,
);
