/** Fold of a codeword on 2 count points (SPEC §3.3): h + r (d - h), h = (f(i) + f(i + count)) / 2, d = (f(i) - f(i + count)) / (2 x_i). inverses: word address of the heap of 1 / (2 x). */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const fold: Kernel = {
  name: "fold",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { count: u32, dst: u32, code: u32, r: u32, inverses: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;
const HALF = 0x40000000u; // 1 / 2

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.count) { return; }
  let a = element(parameters.code + i);
  let b = element(parameters.code + i + parameters.count);
  let even = qm31_scale(qm31_add(a, b), HALF);
  let odd = qm31_scale(qm31_sub(a, b), word(parameters.inverses + parameters.count + i));
  put(parameters.dst + i, line(even, odd, element(parameters.r)));
}`,
};
