/**
 * Proof of work (SPEC §2.2): lowers `found` to the smallest nonce in [first, end) after which word 0 of the sponge's state has all bits of `mask` zero. Nonces
 * are tried in growing order by the whole grid; whoever passes one already found stops. state: the sponge's four elements.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { poseidon2 } from "../hash/poseidon2.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const search: Kernel = {
  name: "search",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${poseidon2}
struct Parameters { first: u32, end: u32, mask: u32, state: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;
@group(1) @binding(1) var<storage, read_write> found: atomic<u32>;
const GRIND_TAG = 1u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let stride = group_count(groups) * LANES;
  var start = State(element(parameters.state), element(parameters.state + 1u), element(parameters.state + 2u), element(parameters.state + 3u));
  start.c.x = m31_add(start.c.x, GRIND_TAG);
  start.c.y = m31_add(start.c.y, 1u);
  for (var nonce = parameters.first + flat_group(group, groups) * LANES + lane; nonce < parameters.end; nonce += stride) {
    if (atomicLoad(&found) < nonce) { break; }
    var s = start;
    s.a.x = m31_add(s.a.x, nonce);
    s = permute(s);
    if ((s.a.x & parameters.mask) == 0u) {
      atomicMin(&found, nonce);
      break;
    }
  }
}`,
};
