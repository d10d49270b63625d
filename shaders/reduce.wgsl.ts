/** Sum in K over the lanes of a workgroup, by a tree in workgroup memory; exact, so the order does not matter. Needs grid, field/qm31. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const reduce = wgsl`
// reduce
var<workgroup> lane_values: array<vec4u, LANES>;
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
}`;
