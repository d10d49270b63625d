/**
 * Partial sums of a contraction, one invocation a sum: partial[s, o] = sum over segment s of b of weights[b] t[a, b, c], o = a inner + c. Neighbouring
 * invocations read neighbouring c: for wide `inner`. t: summed entries b between outer a and inner c, of words or of elements.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const contractColumns: Kernel = {
  name: "contract columns",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { outputs: u32, inner: u32, summed: u32, segment: u32, segments: u32, source: u32, words: u32, weights: u32, dst: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.outputs * parameters.segments) { return; }
  let s = i / parameters.outputs; // divides twice a sum of many products
  let o = i - s * parameters.outputs;
  let a = o / parameters.inner; // divides, as above
  let c = o - a * parameters.inner;
  let end = min((s + 1u) * parameters.segment, parameters.summed);
  var at = parameters.source + (a * parameters.summed + s * parameters.segment) * parameters.inner + c;
  var sum = ZERO;
  for (var b = s * parameters.segment; b < end; b++) {
    let weight = element(parameters.weights + b);
    if (parameters.words == 1u) {
      sum = qm31_add(sum, qm31_scale(weight, word(at)));
    } else {
      sum = qm31_add(sum, qm31_mul(weight, element(at)));
    }
    at += parameters.inner;
  }
  put(parameters.dst + i, sum);
}`,
};
