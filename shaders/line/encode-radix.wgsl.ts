/**
 * LAYERS further layers of the line code in place (SPEC §3.2), block sizes 2^(done + 1) .. 2^(done + LAYERS): an invocation takes the 2^LAYERS entries
 * that meet in them, 2^done apart, through registers. count: such groups. twiddles: word address of the heap.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

/** Most layers of one pass. */
export const MAX_RADIX_BITS = 3;

/** The kernel for 1 .. MAX_RADIX_BITS layers. */
export const encodeRadix = (layers: number): Kernel => ({
  name: `encode ${layers} layers`,
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
const LAYERS = ${layers}u;
const RADIX = ${2 ** layers}u;
struct Parameters { count: u32, code: u32, done: u32, twiddles: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let j = flat_group(group, groups) * LANES + lane;
  if (j >= parameters.count) { return; }
  let done = parameters.done;
  let low = j & ((1u << done) - 1u);
  let first = parameters.code + ((j >> done) << (done + LAYERS)) + low;
  var values = array<vec4u, RADIX>();
  for (var t = 0u; t < RADIX; t++) { values[t] = element(first + (t << done)); }
  for (var layer = 0u; layer < LAYERS; layer++) {
    let span = 1u << layer;
    for (var k = 0u; k < RADIX / 2u; k++) {
      let within = k & (span - 1u);
      let t = ((k >> layer) << (layer + 1u)) + within;
      let x = word(parameters.twiddles + (1u << (done + layer)) + low + (within << done));
      let even = values[t];
      let odd = qm31_scale(values[t + span], x);
      values[t] = qm31_add(even, odd);
      values[t + span] = qm31_sub(even, odd);
    }
  }
  for (var t = 0u; t < RADIX; t++) { put(first + (t << done), values[t]); }
}`,
});
