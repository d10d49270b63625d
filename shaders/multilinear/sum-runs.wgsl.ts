/** target[k] = the sum of run k of consecutive elements, one workgroup a run. Arguments: number of runs, target, address of the first run; (begin, end) of each, counted from there. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { argumentList } from "../arguments.wgsl.ts";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

export const sumRuns: Kernel = {
  name: "sum runs",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${argumentList}
${reduce(f)}
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let k = min(flat_group(group, groups), argument(0u) - 1u);
  let end = argument(4u + 2u * k);
  var sum = ZERO;
  for (var i = argument(3u + 2u * k) + lane; i < end; i += LANES) { sum = qm31_add(sum, element(argument(2u) + i)); }
  let total = sum_over_lanes(lane, sum);
  if (lane == 0u) { put(argument(1u) + k, total); }
}`,
};
