/**
 * target[x] = weight prod_c condition_c prod_k (x_k ? w_k : 1 - w_k), x < count = 2^bits, or adds it: every entry on its own, for few variables.
 * factors: first the point's `bits` scalars (address, unused), then the conditions (address, bit): s or 1 - s.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const eq: Kernel = {
  name: "eq",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { count: u32, dst: u32, bits: u32, weight: u32, condition_count: u32, accumulate: u32, factors: array<vec2u> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let x = flat_group(group, groups) * LANES + lane;
  if (x >= parameters.count) { return; }
  var product = element(parameters.weight);
  for (var k = 0u; k < parameters.bits + parameters.condition_count; k++) {
    let factor = parameters.factors[k];
    let s = element(factor.x);
    let bit = select(factor.y, (x >> (parameters.bits - 1u - k)) & 1u, k < parameters.bits);
    product = qm31_mul(product, select(qm31_sub(ONE, s), s, bit == 1u));
  }
  if (parameters.accumulate == 1u) { product = qm31_add(product, element(parameters.dst + x)); }
  put(parameters.dst + x, product);
}`,
};
