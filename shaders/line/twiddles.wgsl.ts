/**
 * Twiddles as a heap of words (SPEC §3.1): word 2^(n-1) + i is D(n)[i] = x((2^(29-n) + i 2^(31-n)) G), i < 2^(n-1), for all n up to the heap's size; or with
 * `inverse` = 1 the word 1 / (2 D(n)[i]). An invocation makes four words. powers: the points 2^k G, k < 31.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const twiddles: Kernel = {
  name: "twiddles",
  text: (f) => wgsl`${base(f)}
${m31(f)}
struct Parameters { count: u32, dst: u32, inverse: u32, unused: u32, powers: array<vec2u, 31> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

fn twiddle(slot: u32) -> u32 {
  if (slot == 0u) { return 0u; }
  let top = firstLeadingBit(slot); // n - 1
  let index = (1u << (28u - top)) + ((slot - (1u << top)) << (30u - top));
  var p = vec2u(1u, 0u);
  for (var k = 0u; k < 31u; k++) {
    if (((index >> k) & 1u) == 1u) {
      let q = parameters.powers[k];
      p = vec2u(m31_sub(m31_mul(p.x, q.x), m31_mul(p.y, q.y)), m31_add(m31_mul(p.x, q.y), m31_mul(p.y, q.x)));
    }
  }
  return p.x;
}

// x^(P - 2): the exponent's bits but bit 1 are all set.
fn inverse(x: u32) -> u32 {
  var power = x;
  var result = x;
  for (var k = 1u; k < 31u; k++) {
    power = m31_mul(power, power);
    if (k != 1u) { result = m31_mul(result, power); }
  }
  return result;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (4u * i >= parameters.count) { return; }
  var value = vec4u(twiddle(4u * i), twiddle(4u * i + 1u), twiddle(4u * i + 2u), twiddle(4u * i + 3u));
  if (parameters.inverse == 1u) {
    let twice = m31x4_add(value, value);
    value = vec4u(inverse(twice.x), inverse(twice.y), inverse(twice.z), inverse(twice.w));
  }
  put(parameters.dst + i, value);
}`,
};
