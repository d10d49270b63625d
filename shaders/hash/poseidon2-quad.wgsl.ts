/**
 * Poseidon2 over M31, width 16 (SPEC §2.1), four neighbouring invocations a state: invocation c holds words 4c .. 4c+3. A third of the latency of one invocation
 * a state: external rounds raise four words each, sums cross by exchange. Needs hash/poseidon2 and subgroups of at least 4.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const poseidon2Quad = wgsl`
// hash/poseidon2-quad
const QUAD_SHIFTS = array<vec4u, 4>(vec4u(1u, 0u, 1u, 2u), vec4u(3u, 4u, 5u, 6u), vec4u(7u, 8u, 10u, 12u), vec4u(13u, 14u, 15u, 16u));
fn quad_sum_of_chunks(x: vec4u) -> vec4u {
  let pair = m31x4_add(x, subgroupShuffleXor(x, 1u));
  return m31x4_add(pair, subgroupShuffleXor(pair, 2u));
}
fn quad_external_matrix(x: vec4u) -> vec4u {
  let y = chunk_matrix(x);
  return m31x4_add(y, quad_sum_of_chunks(y));
}
fn quad_internal_round(x: vec4u, constant: u32, c: u32, shifts: vec4u) -> vec4u {
  let y = m31_add(x.x, constant);
  let y2 = m31_mul(y, y);
  let first = select(x.x, m31_mul(m31_mul(y2, y2), y), c == 0u);
  let z = vec4u(first, x.yzw);
  let own = sum_of_words(z);
  let pair = m31_add(own, subgroupShuffleXor(own, 1u));
  let sum = m31_add(pair, subgroupShuffleXor(pair, 2u));
  let scaled = rotate(z, shifts);
  return m31x4_add(vec4u(sum), vec4u(select(scaled.x, m31_neg(scaled.x), c == 0u), scaled.yzw));
}
fn quad_permute(chunk: vec4u, c: u32) -> vec4u {
  let shifts = QUAD_SHIFTS[c];
  var x = quad_external_matrix(chunk);
  for (var at = 0u; at < 16u; at += 4u) { x = quad_external_matrix(fifth_power(m31x4_add(x, round_constants[at + c]))); }
  for (var k = 0u; k < 14u; k++) { x = quad_internal_round(x, round_constants[16u + (k >> 2u)][k & 3u], c, shifts); }
  for (var at = 20u; at < 36u; at += 4u) { x = quad_external_matrix(fifth_power(m31x4_add(x, round_constants[at + c]))); }
  return x;
}`;
