/** target[x] = high[x >> low_bits] low[x mod 2^low_bits], x < count, or adds it: an eq table from two smaller ones. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const outer: Kernel = {
  name: "outer",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { count: u32, dst: u32, high: u32, low: u32, low_bits: u32, accumulate: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let x = flat_group(group, groups) * LANES + lane;
  if (x >= parameters.count) { return; }
  let low = element(parameters.low + (x & ((1u << parameters.low_bits) - 1u)));
  var product = qm31_mul(element(parameters.high + (x >> parameters.low_bits)), low);
  if (parameters.accumulate == 1u) { product = qm31_add(product, element(parameters.dst + x)); }
  put(parameters.dst + x, product);
}`,
};
