/** target[i] = source[i], i < count; elements; the ranges are disjoint. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";

export const copy: Kernel = {
  name: "copy",
  text: (f) => wgsl`${base(f)}
struct Parameters { count: u32, dst: u32, src: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.count) { return; }
  put(parameters.dst + i, element(parameters.src + i));
}`,
};
