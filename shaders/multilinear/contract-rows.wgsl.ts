/**
 * Partial sums of a contraction, one workgroup a sum: partial[s, o] = sum over segment s of b of weights[b] t[a, b, c], o = a inner + c. The lanes share
 * the segment: for narrow `inner`.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

export const contractRows: Kernel = {
  name: "contract rows",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${reduce(f)}
struct Parameters { outputs: u32, inner: u32, summed: u32, segment: u32, segments: u32, source: u32, words: u32, weights: u32, dst: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups);
  let s = i / parameters.outputs; // divides twice a sum of many products
  let o = i - s * parameters.outputs;
  let a = o / parameters.inner; // divides, as above
  let c = o - a * parameters.inner;
  let end = select(0u, min((s + 1u) * parameters.segment, parameters.summed), s < parameters.segments);
  var sum = ZERO;
  for (var b = s * parameters.segment + lane; b < end; b += LANES) {
    let weight = element(parameters.weights + b);
    let at = parameters.source + (a * parameters.summed + b) * parameters.inner + c;
    if (parameters.words == 1u) {
      sum = qm31_add(sum, qm31_scale(weight, word(at)));
    } else {
      sum = qm31_add(sum, qm31_mul(weight, element(at)));
    }
  }
  let total = sum_over_lanes(lane, sum);
  if (lane == 0u && s < parameters.segments) { put(parameters.dst + i, total); }
}`,
};
