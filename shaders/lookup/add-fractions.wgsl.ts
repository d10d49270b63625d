/** The layer above (SPEC §6.2): (n0 d1 + n1 d0) / (d0 d1) over the halves of a layer of 2 count fractions. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const addFractions: Kernel = {
  name: "add fractions",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { count: u32, numerators: u32, denominators: u32, dst_numerators: u32, dst_denominators: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.count) { return; }
  let d0 = element(parameters.denominators + i);
  let d1 = element(parameters.denominators + i + parameters.count);
  let n0 = element(parameters.numerators + i);
  let n1 = element(parameters.numerators + i + parameters.count);
  put(parameters.dst_numerators + i, qm31_add(qm31_mul(n0, d1), qm31_mul(n1, d0)));
  put(parameters.dst_denominators + i, qm31_mul(d0, d1));
}`,
};
