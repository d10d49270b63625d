/** Signed integers |v| < 2^30 as canonical words: v mod P, P = 2^31 - 1. residue() takes any |v| < 2^31. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const integers = wgsl`
// integer/integers
const MODULUS = 0x7fffffffu;
fn integer(w: u32) -> i32 { return bitcast<i32>(select(w - MODULUS, w, w < 0x40000000u)); }
fn residue(v: i32) -> u32 {
  let r = bitcast<u32>(v) + select(0u, MODULUS, v < 0);
  return min(r, r - MODULUS);
}
fn residues(v: vec4i) -> vec4u { return vec4u(residue(v.x), residue(v.y), residue(v.z), residue(v.w)); }`;
