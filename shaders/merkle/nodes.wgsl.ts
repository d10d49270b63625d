/** One level of a tree in heap order (SPEC §2.5): nodes count .. 2 count - 1 from their children; node k is elements 2k, 2k + 1. node(l, r) = perm(l || r) + (l || r), the first 8 words. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { poseidon2 } from "../hash/poseidon2.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const nodes: Kernel = {
  name: "nodes",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${poseidon2}
struct Parameters { count: u32, tree: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.count) { return; }
  let k = parameters.tree + 2u * (parameters.count + i);
  let child = parameters.tree + 4u * (parameters.count + i);
  let l = State(element(child), element(child + 1u), element(child + 2u), element(child + 3u));
  let s = permute(l);
  put(k, m31x4_add(s.a, l.a));
  put(k + 1u, m31x4_add(s.b, l.b));
}`,
};
