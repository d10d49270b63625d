/**
 * One round of sum_t weight_t prod tables (SPEC §7.4), variable X the most significant bit of tables of 2 half entries. First binds the joining tables of
 * 4 half entries in place by r, then partial[d, workgroup] = sum over x and terms at X = 0, 2, ..., DEGREE, x < half.
 * lists: the addresses of the tables to bind; then a term after the other: address of its weight, number of its tables, their addresses.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

/** The kernel for round polynomials of a degree >= 1. */
export const productRound = (degree: number): Kernel => ({
  name: `product round of degree ${degree}`,
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${reduce}
const DEGREE = ${degree}u;
struct Parameters { half: u32, r: u32, partials: u32, join_count: u32, term_count: u32, lists: array<u32> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let stride = group_count(groups) * LANES;
  let half = parameters.half;
  var sums = array<vec4u, DEGREE>();
  for (var x = g * LANES + lane; x < half; x += stride) {
    for (var j = 0u; j < parameters.join_count; j++) {
      let p = parameters.lists[j] + x;
      let r = element(parameters.r);
      let lo = line(element(p), element(p + 2u * half), r);
      let hi = line(element(p + half), element(p + 3u * half), r);
      put(p, lo);
      put(p + half, hi);
    }
    var at = parameters.join_count;
    for (var t = 0u; t < parameters.term_count; t++) {
      let weight = element(parameters.lists[at]);
      let end = at + 2u + parameters.lists[at + 1u];
      at += 2u;
      var products = array<vec4u, DEGREE>();
      for (var d = 0u; d < DEGREE; d++) { products[d] = weight; }
      for (; at < end; at++) {
        let p = parameters.lists[at] + x;
        let lo = element(p);
        let step = qm31_sub(element(p + half), lo);
        products[0] = qm31_mul(products[0], lo);
        var value = qm31_add(lo, step);
        for (var d = 1u; d < DEGREE; d++) {
          value = qm31_add(value, step);
          products[d] = qm31_mul(products[d], value);
        }
      }
      for (var d = 0u; d < DEGREE; d++) { sums[d] = qm31_add(sums[d], products[d]); }
    }
  }
  for (var d = 0u; d < DEGREE; d++) {
    let total = sum_over_lanes(lane, sums[d]);
    if (lane == 0u) { put(parameters.partials + d * group_count(groups) + g, total); }
  }
}`,
});
