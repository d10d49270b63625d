/** target[i] = source[indices[i]], i < count; elements of K, or words if `words` is 1: then an invocation makes four of them. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";

export const gather: Kernel = {
  name: "gather",
  text: (f) => wgsl`${base(f)}
struct Parameters { count: u32, dst: u32, src: u32, words: u32, indices: array<u32> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (parameters.words == 0u) {
    if (i < parameters.count) { put(parameters.dst + i, element(parameters.src + parameters.indices[i])); }
    return;
  }
  if (4u * i >= parameters.count) { return; }
  var value = vec4u(0u);
  for (var k = 0u; k < 4u; k++) {
    if (4u * i + k < parameters.count) { value[k] = word(parameters.src + parameters.indices[4u * i + k]); }
  }
  put(parameters.dst + i, value);
}`,
};
