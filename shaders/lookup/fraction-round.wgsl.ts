/**
 * One round of a look-up layer (SPEC §6.3): q(0) and q(inf) of sum_x eq(x) p(X, x), x < half, p = n0 d1 + n1 d0 + lambda d0 d1 = n0 d1 + d0 (n1 + lambda d1).
 * With four joining tables first binds them, of 4 half entries each, in place by r, and sums eq's halves in place.
 * Arguments: half, partials, r, joining tables (0 or 4), lambda, eq, the addresses of n0, n1, d0, d1.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { sumStep } from "../step.ts";
import { join } from "../sumcheck/join.wgsl.ts";

const body = wgsl`
fn fraction_layer(n0: vec4u, n1: vec4u, d0: vec4u, d1: vec4u, lambda: vec4u) -> vec4u {
  return qm31_add(qm31_mul(n0, d1), qm31_mul(d0, qm31_add(n1, qm31_mul(lambda, d1))));
}
fn fraction_round(at: u32, first: u32, stride: u32) -> array<vec4u, 2> {
  let half = argument(at);
  let r = element(argument(at + 2u));
  let joins = argument(at + 3u);
  let lambda = element(argument(at + 4u));
  var at_zero = ZERO;
  var leading = ZERO;
  for (var x = first; x < half; x += stride) {
    join_tables(at + 6u, joins, x, half, r);
    let e = argument(at + 5u) + x;
    var weight = element(e);
    if (joins > 0u) {
      weight = qm31_add(weight, element(e + half));
      put(e, weight);
    }
    let n0 = element(argument(at + 6u) + x);
    let n1 = element(argument(at + 7u) + x);
    let d0 = element(argument(at + 8u) + x);
    let d1 = element(argument(at + 9u) + x);
    at_zero = qm31_add(at_zero, qm31_mul(weight, fraction_layer(n0, n1, d0, d1, lambda)));
    let n0_slope = qm31_sub(element(argument(at + 6u) + x + half), n0);
    let n1_slope = qm31_sub(element(argument(at + 7u) + x + half), n1);
    let d0_slope = qm31_sub(element(argument(at + 8u) + x + half), d0);
    let d1_slope = qm31_sub(element(argument(at + 9u) + x + half), d1);
    leading = qm31_add(leading, qm31_mul(weight, fraction_layer(n0_slope, n1_slope, d0_slope, d1_slope, lambda)));
  }
  return array<vec4u, 2>(at_zero, leading);
}`;

export const fractionRound = sumStep("fraction round", "fraction_round", 2, body, join);
