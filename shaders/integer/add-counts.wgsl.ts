/** target[e] = sum over chunks of counts[chunk, e], e < count elements of four plain integers. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";

export const addCounts: Kernel = {
  name: "add counts",
  text: (f) => wgsl`${base(f)}
struct Parameters { count: u32, dst: u32, counts: u32, chunks: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let e = flat_group(group, groups) * LANES + lane;
  if (e >= parameters.count) { return; }
  var sum = vec4u(0u);
  for (var chunk = 0u; chunk < parameters.chunks; chunk++) { sum += element(parameters.counts + chunk * parameters.count + e); }
  put(parameters.dst + e, sum);
}`,
};
