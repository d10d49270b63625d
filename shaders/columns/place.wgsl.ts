/**
 * target[k] = source[sum_d index_d(k) stride_d], k < count words: k is the row-major index over `sizes`. The target begins at any word; an invocation
 * owns one element of memory and changes those of its words that belong to the target.
 * axes: (size, stride) pairs, the last axis first.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";

export const place: Kernel = {
  name: "place",
  text: (f) => wgsl`${base(f)}
struct Parameters { count: u32, dst_word: u32, src_word: u32, axis_count: u32, axes: array<vec2u> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

fn source_of(k: u32) -> u32 {
  var rest = k;
  var at = parameters.src_word;
  for (var d = 0u; d < parameters.axis_count; d++) {
    let axis = parameters.axes[d];
    let quotient = rest / axis.x; // divides: sizes are arbitrary, an axis at a time
    at += (rest - quotient * axis.x) * axis.y;
    rest = quotient;
  }
  return at;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let begin = parameters.dst_word;
  let end = begin + parameters.count;
  let e = (begin >> 2u) + flat_group(group, groups) * LANES + lane;
  if (4u * e >= end) { return; }
  var value = element(e);
  for (var k = 0u; k < 4u; k++) {
    let w = 4u * e + k;
    if (w >= begin && w < end) { value[k] = word(source_of(w - begin)); }
  }
  put(e, value);
}`,
};
