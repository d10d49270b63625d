/**
 * Poseidon2 over M31, width 16 (SPEC §2.1), one invocation a state. Needs field/m31. Round constants come from a uniform buffer, element k of it: 0 .. 15
 * the first external rounds, 16 .. 19 the internal ones (14 words), 20 .. 35 the last external rounds.
 *
 * M_E: with M4 = circ(2, 3, 1, 1), M4 x = sum(x) + x + 2 x' (x' rotated by one) on every chunk, then the chunks' sum is added to each.
 * M_I: J + diag(-2, 2^0, 2^1, ...): a product with 2^k is a rotation of 31 bits.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const poseidon2 = wgsl`
// hash/poseidon2
@group(1) @binding(2) var<uniform> round_constants: array<vec4u, 36>;
struct State { a: vec4u, b: vec4u, c: vec4u, d: vec4u }

fn fifth_power(x: vec4u) -> vec4u {
  let x2 = m31x4_mul(x, x);
  return m31x4_mul(m31x4_mul(x2, x2), x);
}
fn sum_of_words(x: vec4u) -> u32 { return m31_add(m31_add(x.x, x.y), m31_add(x.z, x.w)); }
fn chunk_matrix(x: vec4u) -> vec4u {
  let next = x.yzwx;
  return m31x4_add(m31x4_add(vec4u(sum_of_words(x)), x), m31x4_add(next, next));
}
fn external_matrix(s: State) -> State {
  let a = chunk_matrix(s.a);
  let b = chunk_matrix(s.b);
  let c = chunk_matrix(s.c);
  let d = chunk_matrix(s.d);
  let sum = m31x4_add(m31x4_add(a, b), m31x4_add(c, d));
  return State(m31x4_add(a, sum), m31x4_add(b, sum), m31x4_add(c, sum), m31x4_add(d, sum));
}
fn external_round(s: State, at: u32) -> State {
  return external_matrix(State(
    fifth_power(m31x4_add(s.a, round_constants[at])),
    fifth_power(m31x4_add(s.b, round_constants[at + 1u])),
    fifth_power(m31x4_add(s.c, round_constants[at + 2u])),
    fifth_power(m31x4_add(s.d, round_constants[at + 3u])),
  ));
}
fn rotate(x: vec4u, k: vec4u) -> vec4u { return ((x << k) & vec4u(P)) | (x >> (vec4u(31u) - k)); }
fn internal_round(s: State, constant: u32) -> State {
  let x = m31_add(s.a.x, constant);
  let x2 = m31_mul(x, x);
  let first = m31_mul(m31_mul(x2, x2), x);
  let a = vec4u(first, s.a.yzw);
  let sum = sum_of_words(m31x4_add(m31x4_add(a, s.b), m31x4_add(s.c, s.d)));
  let scaled = rotate(a, vec4u(1u, 0u, 1u, 2u));
  return State(
    m31x4_add(vec4u(sum), vec4u(m31_neg(scaled.x), scaled.yzw)),
    m31x4_add(vec4u(sum), rotate(s.b, vec4u(3u, 4u, 5u, 6u))),
    m31x4_add(vec4u(sum), rotate(s.c, vec4u(7u, 8u, 10u, 12u))),
    m31x4_add(vec4u(sum), rotate(s.d, vec4u(13u, 14u, 15u, 16u))),
  );
}
fn permute(state: State) -> State {
  var s = external_matrix(state);
  for (var at = 0u; at < 16u; at += 4u) { s = external_round(s, at); }
  for (var k = 0u; k < 14u; k++) { s = internal_round(s, round_constants[16u + (k >> 2u)][k & 3u]); }
  for (var at = 20u; at < 36u; at += 4u) { s = external_round(s, at); }
  return s;
}`;
