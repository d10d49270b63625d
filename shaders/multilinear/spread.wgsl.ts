/**
 * target[x] = source[sum_d index_d stride_d], or 0 where an index passes its size; x < count = 2^(all bits) is made of the dimensions' bits.
 * dimensions: (bits, size, stride), the least significant first; a dimension along no axis has stride 0 and size 2^bits.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";

export const spread: Kernel = {
  name: "spread",
  text: (f) => wgsl`${base(f)}
struct Dimension { bits: u32, size: u32, stride: u32 }
struct Parameters { count: u32, dst: u32, src: u32, dimension_count: u32, dimensions: array<Dimension> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let x = flat_group(group, groups) * LANES + lane;
  if (x >= parameters.count) { return; }
  var rest = x;
  var at = parameters.src;
  var real = true;
  for (var d = 0u; d < parameters.dimension_count; d++) {
    let dimension = parameters.dimensions[d];
    let index = rest & ((1u << dimension.bits) - 1u);
    rest = rest >> dimension.bits;
    real = real && index < dimension.size;
    at += index * dimension.stride;
  }
  if (real) { put(parameters.dst + x, element(at)); } else { put(parameters.dst + x, vec4u(0u)); }
}`,
};
