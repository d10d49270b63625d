/**
 * Whether subgroup operations do what kernels count on: neighbouring invocations of a workgroup are neighbours in their subgroup, so that exchange by XOR below
 * the smallest size stays among them. wrong[lane] = 0 if so, for 256 invocations.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { Features } from "./features.ts";

export const subgroupProbe = (f: Pick<Features, "subgroup" | "enableSubgroups">): string => wgsl`
#if ${f.enableSubgroups}
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
@group(0) @binding(0) var<storage, read_write> wrong: array<u32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_size) size: u32) {
  var bad = 0u;
  for (var span = 1u; span < ${f.subgroup}u; span <<= 1u) {
    if (subgroupShuffleXor(lane, span) != (lane ^ span)) { bad = 1u; }
  }
  if (size < ${f.subgroup}u) { bad = 1u; }
  if (lane < 4u) {
    if (subgroupShuffle(lane, 3u) != 3u || subgroupShuffleXor(lane, 2u) != (lane ^ 2u)) { bad = 1u; }
  }
  wrong[lane] = bad;
}`;
