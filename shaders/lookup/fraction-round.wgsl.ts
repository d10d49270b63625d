/**
 * One round of a look-up layer (SPEC §6.3): partial[0, workgroup] = q(0), partial[1, workgroup] = q(inf) of sum_x eq(x) p(X, x), x < half,
 * p = n0 d1 + n1 d0 + lambda d0 d1 = n0 d1 + d0 (n1 + lambda d1). With `bound` = 1 first binds the four tables of 4 half entries in place by r and sums
 * eq's halves in place.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

export const fractionRound: Kernel = {
  name: "fraction round",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${reduce}
struct Parameters { half: u32, bound: u32, r: u32, lambda: u32, eq: u32, partials: u32, tables: array<u32, 4> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

// Entries x and x + half of a table, after binding.
fn pair(table: u32, x: u32, r: vec4u) -> array<vec4u, 2> {
  let half = parameters.half;
  let p = table + x;
  if (parameters.bound == 0u) { return array<vec4u, 2>(element(p), element(p + half)); }
  let lo = line(element(p), element(p + 2u * half), r);
  let hi = line(element(p + half), element(p + 3u * half), r);
  put(p, lo);
  put(p + half, hi);
  return array<vec4u, 2>(lo, hi);
}
fn layer(n0: vec4u, n1: vec4u, d0: vec4u, d1: vec4u, lambda: vec4u) -> vec4u {
  return qm31_add(qm31_mul(n0, d1), qm31_mul(d0, qm31_add(n1, qm31_mul(lambda, d1))));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let stride = group_count(groups) * LANES;
  var at_zero = ZERO;
  var leading = ZERO;
  for (var x = g * LANES + lane; x < parameters.half; x += stride) {
    let lambda = element(parameters.lambda);
    let r = element(parameters.r);
    var weight = element(parameters.eq + x);
    if (parameters.bound == 1u) {
      weight = qm31_add(weight, element(parameters.eq + x + parameters.half));
      put(parameters.eq + x, weight);
    }
    let n0 = pair(parameters.tables[0], x, r);
    let n1 = pair(parameters.tables[1], x, r);
    let d0 = pair(parameters.tables[2], x, r);
    let d1 = pair(parameters.tables[3], x, r);
    at_zero = qm31_add(at_zero, qm31_mul(weight, layer(n0[0], n1[0], d0[0], d1[0], lambda)));
    let slope = layer(qm31_sub(n0[1], n0[0]), qm31_sub(n1[1], n1[0]), qm31_sub(d0[1], d0[0]), qm31_sub(d1[1], d1[0]), lambda);
    leading = qm31_add(leading, qm31_mul(weight, slope));
  }
  let total_at_zero = sum_over_lanes(lane, at_zero);
  let total_leading = sum_over_lanes(lane, leading);
  if (lane == 0u) {
    put(parameters.partials + g, total_at_zero);
    put(parameters.partials + group_count(groups) + g, total_leading);
  }
}`,
};
