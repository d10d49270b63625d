/** target[i] = the words at row i of four neighbouring columns of 2^row_bits words, i < count: one element of K. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";

export const interleave: Kernel = {
  name: "interleave",
  text: (f) => wgsl`${base(f)}
struct Parameters { count: u32, dst: u32, src_word: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.count) { return; }
  let w = parameters.src_word + i;
  let rows = parameters.count;
  put(parameters.dst + i, vec4u(word(w), word(w + rows), word(w + 2u * rows), word(w + 3u * rows)));
}`,
};
