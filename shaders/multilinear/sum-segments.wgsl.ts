/** target[o] = sum_s partial[s, o], o < count, s < segments. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const sumSegments: Kernel = {
  name: "sum segments",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { count: u32, dst: u32, partials: u32, segments: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = flat_group(group, groups) * LANES + lane;
  if (o >= parameters.count) { return; }
  var sum = ZERO;
  for (var s = 0u; s < parameters.segments; s++) { sum = qm31_add(sum, element(parameters.partials + s * parameters.count + o)); }
  put(parameters.dst + o, sum);
}`,
};
