/**
 * One round of sum_t weight_t <first_t, second_t> (SPEC §8.4) on tables of 2 half entries. First binds the joining tables of 4 half entries in place by r,
 * then partial[0, workgroup] = the sum at X = 0, partial[1, workgroup] = the leading coefficient, over x < half.
 * lists: the addresses of the tables to bind; then (first, second, weight) of every pair.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

export const innerRound: Kernel = {
  name: "inner round",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${reduce}
struct Parameters { half: u32, r: u32, partials: u32, join_count: u32, pair_count: u32, lists: array<u32> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let stride = group_count(groups) * LANES;
  let half = parameters.half;
  var at_zero = ZERO;
  var leading = ZERO;
  for (var x = g * LANES + lane; x < half; x += stride) {
    for (var j = 0u; j < parameters.join_count; j++) {
      let p = parameters.lists[j] + x;
      let r = element(parameters.r);
      let lo = line(element(p), element(p + 2u * half), r);
      let hi = line(element(p + half), element(p + 3u * half), r);
      put(p, lo);
      put(p + half, hi);
    }
    for (var t = 0u; t < parameters.pair_count; t++) {
      let at = parameters.join_count + 3u * t;
      let first = parameters.lists[at] + x;
      let second = parameters.lists[at + 1u] + x;
      let weight = element(parameters.lists[at + 2u]);
      let f0 = element(first);
      let g0 = element(second);
      let slopes = qm31_mul(qm31_sub(element(first + half), f0), qm31_sub(element(second + half), g0));
      at_zero = qm31_add(at_zero, qm31_mul(weight, qm31_mul(f0, g0)));
      leading = qm31_add(leading, qm31_mul(weight, slopes));
    }
  }
  let total_at_zero = sum_over_lanes(lane, at_zero);
  let total_leading = sum_over_lanes(lane, leading);
  if (lane == 0u) {
    put(parameters.partials + g, total_at_zero);
    put(parameters.partials + group_count(groups) + g, total_leading);
  }
}`,
};
