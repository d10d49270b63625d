/** target[x] = sum_k weight_k column_k[x], x < count. columns: (address, whether of words, weight). */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const combine: Kernel = {
  name: "combine",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Summand { address: u32, words: u32, weight: u32 }
struct Parameters { count: u32, dst: u32, summand_count: u32, summands: array<Summand> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let x = flat_group(group, groups) * LANES + lane;
  if (x >= parameters.count) { return; }
  var sum = ZERO;
  for (var k = 0u; k < parameters.summand_count; k++) {
    let s = parameters.summands[k];
    let weight = element(s.weight);
    if (s.words == 1u) {
      sum = qm31_add(sum, qm31_scale(weight, word(s.address + x)));
    } else {
      sum = qm31_add(sum, qm31_mul(weight, element(s.address + x)));
    }
  }
  put(parameters.dst + x, sum);
}`,
};
