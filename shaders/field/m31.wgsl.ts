/**
 * M31, integers modulo P = 2^31 - 1, on u32, vec3u and vec4u (SPEC §1.1). Arguments and results are canonical words in [0, P).
 *
 * Product without 64-bit integers: floor(ab / 2^31) + (ab mod 2^31) from products of 16- and 15-bit halves; the middle sum is at most 4294836224, so no
 * carry is lost. As u32 wraps, min(r, r - P) is the reduced one.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { Features } from "../features.ts";

/** Addition, subtraction and the split product on a type of words. */
const operations = (name: string, type: string, product: boolean): string => wgsl`
fn ${name}_add(a: ${type}, b: ${type}) -> ${type} { let s = a + b; return min(s, s - P); }
fn ${name}_sub(a: ${type}, b: ${type}) -> ${type} { let s = a - b; return min(s, s + P); }
#if ${product}
fn ${name}_mul(a: ${type}, b: ${type}) -> ${type} {
  let a0 = a & ${type}(0xffffu);
  let a1 = a >> ${type}(16u);
  let b0 = b & ${type}(0xffffu);
  let b1 = b >> ${type}(16u);
  let middle = a0 * b1 + (a1 * b0 + ((a0 * b0) >> ${type}(16u)));
  let r = (middle >> ${type}(15u)) + ((a * b) & ${type}(P)) + ((a1 * b1) << ${type}(1u));
  return min(r, r - P);
}
#endif`;

export const m31 = (f: Features): string => wgsl`
// field/m31
const P = 0x7fffffffu;
${operations("m31", "u32", !f.u64)}
${operations("m31x3", "vec3u", !f.u64)}
${operations("m31x4", "vec4u", !f.u64)}
#if ${f.u64}
fn m31_mul(a: u32, b: u32) -> u32 {
  let p = u64(a) * u64(b << 1u); // the high word is floor(ab / 2^31)
  let r = u32(p >> 32u) + (u32(p) >> 1u);
  return min(r, r - P);
}
fn m31x3_mul(a: vec3u, b: vec3u) -> vec3u { return vec3u(m31_mul(a.x, b.x), m31_mul(a.y, b.y), m31_mul(a.z, b.z)); }
fn m31x4_mul(a: vec4u, b: vec4u) -> vec4u { return vec4u(m31_mul(a.x, b.x), m31_mul(a.y, b.y), m31_mul(a.z, b.z), m31_mul(a.w, b.w)); }
#endif
fn m31_neg(a: u32) -> u32 { return m31_sub(0u, a); }`;
