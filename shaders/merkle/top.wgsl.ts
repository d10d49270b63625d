/** The top of a tree in heap order (SPEC §2.5) in one workgroup: nodes 1 .. 2 count - 1 from nodes 2 count .. 4 count - 1, level by level; node 0 is zero. count may be 0: then only node 0. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { poseidon2 } from "../hash/poseidon2.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const top: Kernel = {
  name: "top",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${poseidon2}
struct Parameters { count: u32, tree: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var count = parameters.count; count > 0u; count >>= 1u) {
    for (var i = lane; i < count; i += LANES) {
      let child = parameters.tree + 4u * (count + i);
      let l = State(element(child), element(child + 1u), element(child + 2u), element(child + 3u));
      let s = permute(l);
      put(parameters.tree + 2u * (count + i), m31x4_add(s.a, l.a));
      put(parameters.tree + 2u * (count + i) + 1u, m31x4_add(s.b, l.b));
    }
    storageBarrier();
    workgroupBarrier();
  }
  if (lane < 2u && flat_group(group, groups) == 0u) { put(parameters.tree + lane, vec4u(0u)); }
}`,
};
