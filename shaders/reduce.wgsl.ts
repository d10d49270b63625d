/**
 * Sum in K over the lanes of a workgroup; exact, so the order does not matter. Needs grid, field/qm31. A tree in workgroup memory; where there are subgroups,
 * their lanes are first added by exchange, SUBGROUP (the smallest size) at a time, and what is left is one addition chain.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { Features } from "./features.ts";

export const reduce = (f: Features): string => wgsl`
// reduce
var<workgroup> lane_values: array<vec4u, LANES>;
#if ${f.subgroup > 0}
const SUBGROUP = ${f.subgroup}u;
fn sum_over_lanes(lane: u32, value: vec4u) -> vec4u {
  var sum = value;
  for (var span = 1u; span < SUBGROUP; span <<= 1u) { sum = qm31_add(sum, subgroupShuffleXor(sum, span)); }
  if ((lane & (SUBGROUP - 1u)) == 0u) { lane_values[lane / SUBGROUP] = sum; } // divides by a constant
  workgroupBarrier();
  var total = lane_values[0];
  for (var k = 1u; k < LANES / SUBGROUP; k++) { total = qm31_add(total, lane_values[k]); } // divides constants
  workgroupBarrier();
  return total;
}
#else
fn sum_over_lanes(lane: u32, value: vec4u) -> vec4u {
  lane_values[lane] = value;
  workgroupBarrier();
  for (var span = LANES / 2u; span > 0u; span >>= 1u) {
    if (lane < span) { lane_values[lane] = qm31_add(lane_values[lane], lane_values[lane + span]); }
    workgroupBarrier();
  }
  let total = lane_values[0];
  workgroupBarrier();
  return total;
}
#endif`;
