/**
 * K = QM31 as vec4u (a, b, c, d) = a + bi + (c + di) u with i^2 = -1, u^2 = 2 + i (SPEC §1.2). Needs field/m31.
 *
 * Product with nine products in M31: (A + Bu)(E + Gu) = AE + (2 + i) BG + ((A + B)(E + G) - AE - BG) u, each product in M31[i] by Karatsuba; the three
 * lanes of a vec3u are AE, BG and (A + B)(E + G).
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const qm31 = wgsl`
// field/qm31
const ZERO = vec4u(0u, 0u, 0u, 0u);
const ONE = vec4u(1u, 0u, 0u, 0u);
fn qm31_add(x: vec4u, y: vec4u) -> vec4u { return m31x4_add(x, y); }
fn qm31_sub(x: vec4u, y: vec4u) -> vec4u { return m31x4_sub(x, y); }
fn qm31_scale(x: vec4u, s: u32) -> vec4u { return m31x4_mul(x, vec4u(s)); }
fn qm31_mul(x: vec4u, y: vec4u) -> vec4u {
  let x0 = vec3u(x.x, x.z, m31_add(x.x, x.z));
  let x1 = vec3u(x.y, x.w, m31_add(x.y, x.w));
  let y0 = vec3u(y.x, y.z, m31_add(y.x, y.z));
  let y1 = vec3u(y.y, y.w, m31_add(y.y, y.w));
  let p = m31x3_mul(x0, y0);
  let q = m31x3_mul(x1, y1);
  let s = m31x3_mul(m31x3_add(x0, x1), m31x3_add(y0, y1));
  let re = m31x3_sub(p, q);
  let im = m31x3_sub(m31x3_sub(s, p), q);
  return vec4u(
    m31_add(re.x, m31_sub(m31_add(re.y, re.y), im.y)),
    m31_add(im.x, m31_add(m31_add(im.y, im.y), re.y)),
    m31_sub(m31_sub(re.z, re.x), re.y),
    m31_sub(m31_sub(im.z, im.x), im.y),
  );
}
// lo + x (hi - lo)
fn line(lo: vec4u, hi: vec4u, x: vec4u) -> vec4u { return qm31_add(lo, qm31_mul(x, qm31_sub(hi, lo))); }`;
