/**
 * Row i absorbs the block a[i], b[i] (SPEC §2.4), i < rows: overwrite the rate, permute. The rate is elements 2i, 2i + 1 of `rates` (after the last block
 * the digest), the capacity elements i and rows + i of `capacities`; with `first` = 1 it starts as (2, words, 0, ...).
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { poseidon2 } from "../hash/poseidon2.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const absorbRows: Kernel = {
  name: "absorb rows",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${poseidon2}
struct Parameters { rows: u32, a: u32, b: u32, rates: u32, capacities: u32, first: u32, words: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;
const ROW_TAG = 2u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= parameters.rows) { return; }
  var c = vec4u(ROW_TAG, parameters.words, 0u, 0u);
  var d = vec4u(0u);
  if (parameters.first == 0u) {
    c = element(parameters.capacities + i);
    d = element(parameters.capacities + parameters.rows + i);
  }
  let s = permute(State(element(parameters.a + i), element(parameters.b + i), c, d));
  put(parameters.rates + 2u * i, s.a);
  put(parameters.rates + 2u * i + 1u, s.b);
  put(parameters.capacities + i, s.c);
  put(parameters.capacities + parameters.rows + i, s.d);
}`,
};
