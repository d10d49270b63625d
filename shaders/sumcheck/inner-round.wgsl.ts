/**
 * One round of sum_t weight_t <first_t, second_t> (SPEC §8.4) on tables of 2 half entries: the sum at X = 0 and the leading coefficient, over x < half, after
 * binding the joining tables of 4 half entries in place by r. Needs sumcheck/join.
 * Arguments: half, partials, r, number of tables to bind, number of pairs; their addresses; (first, second, weight) of every pair.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { sumStep } from "../step.ts";
import { join } from "./join.wgsl.ts";

const body = wgsl`
fn inner_round(at: u32, first: u32, stride: u32) -> array<vec4u, 2> {
  let half = argument(at);
  let r = element(argument(at + 2u));
  let joins = argument(at + 3u);
  let end = at + 5u + joins + 3u * argument(at + 4u);
  var sums = array<vec4u, 2>();
  for (var x = first; x < half; x += stride) {
    join_tables(at + 5u, joins, x, half, r);
    for (var t = at + 5u + joins; t < end; t += 3u) {
      let weight = element(argument(t + 2u));
      var f = element(argument(t) + x);
      var g = element(argument(t + 1u) + x);
      sums[0] = qm31_add(sums[0], qm31_mul(weight, qm31_mul(f, g)));
      f = qm31_sub(element(argument(t) + x + half), f);
      g = qm31_sub(element(argument(t + 1u) + x + half), g);
      sums[1] = qm31_add(sums[1], qm31_mul(weight, qm31_mul(f, g)));
    }
  }
  return sums;
}`;

export const innerRound = sumStep("inner round", "inner_round", 2, body, join);
