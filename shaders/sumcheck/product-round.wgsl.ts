/**
 * One round of sum_t weight_t prod tables (SPEC §7.4), variable X the most significant bit of tables of 2 half entries: the sums over x < half and all terms at
 * X = 0, 2, ..., degree, after binding the joining tables of 4 half entries in place by r. Needs sumcheck/join.
 * Arguments: half, partials, r, number of tables to bind, number of terms; their addresses; a term after the other: weight, number of its tables, their addresses.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { type SumStep, sumStep } from "../step.ts";
import { join } from "./join.wgsl.ts";

const body = (degree: number): string => wgsl`
fn product_round_${degree}(at: u32, first: u32, stride: u32) -> array<vec4u, ${degree}> {
  let half = argument(at);
  let r = element(argument(at + 2u));
  let joins = argument(at + 3u);
  let terms = argument(at + 4u);
  var sums = array<vec4u, ${degree}>();
  for (var x = first; x < half; x += stride) {
    join_tables(at + 5u, joins, x, half, r);
    var next = at + 5u + joins;
    for (var t = 0u; t < terms; t++) {
      let weight = element(argument(next));
      let end = next + 2u + argument(next + 1u);
      next += 2u;
      var products = array<vec4u, ${degree}>();
      for (var d = 0u; d < ${degree}u; d++) { products[d] = weight; }
      for (; next < end; next++) {
        let p = argument(next) + x;
        let lo = element(p);
        let slope = qm31_sub(element(p + half), lo);
        products[0] = qm31_mul(products[0], lo);
        var value = qm31_add(lo, slope);
        for (var d = 1u; d < ${degree}u; d++) {
          value = qm31_add(value, slope);
          products[d] = qm31_mul(products[d], value);
        }
      }
      for (var d = 0u; d < ${degree}u; d++) { sums[d] = qm31_add(sums[d], products[d]); }
    }
  }
  return sums;
}`;

/** The kernel for round polynomials of a degree >= 1. */
export const productRound = (degree: number): SumStep =>
  sumStep(`product round of degree ${degree}`, `product_round_${degree}`, degree, body(degree), join);
