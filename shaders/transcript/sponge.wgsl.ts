/**
 * The sponge of a transcript (SPEC §2.2) in the first SPONGE_LANES invocations of a workgroup: four of them, a chunk of four words each, where there are
 * subgroups, else one. Its functions are called by these invocations alone. Needs hash/poseidon2, and source_chunk(c, ...), which gives words to absorb.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { Features } from "../features.ts";
import { poseidon2Quad } from "../hash/poseidon2-quad.wgsl.ts";

export const sponge = (f: Features): string => wgsl`
// transcript/sponge
#if ${f.subgroup > 0}
${poseidon2Quad}
const SPONGE_LANES = 4u;
var<private> sponge: vec4u;
fn sponge_load(state: u32, lane: u32) { sponge = element(state + lane); }
fn sponge_store(state: u32, lane: u32) { put(state + lane, sponge); }
fn sponge_reset() { sponge = vec4u(0u); }
fn sponge_permute(lane: u32) { sponge = quad_permute(sponge, lane); }
fn sponge_begin(lane: u32, tag: u32, length: u32) {
  if (lane == 2u) { sponge = m31x4_add(sponge, vec4u(tag, length, 0u, 0u)); }
}
fn sponge_absorb(lane: u32, position: u32, take: u32, source: u32, is_inline: bool) {
  if (lane < 2u) { sponge = m31x4_add(sponge, source_chunk(lane, position, take, source, is_inline)); }
}
fn sponge_word(k: u32) -> u32 { return subgroupShuffle(sponge[k & 3u], k >> 2u); }
#else
const SPONGE_LANES = 1u;
var<private> sponge: State;
fn sponge_load(state: u32, lane: u32) { sponge = State(element(state), element(state + 1u), element(state + 2u), element(state + 3u)); }
fn sponge_store(state: u32, lane: u32) {
  put(state, sponge.a);
  put(state + 1u, sponge.b);
  put(state + 2u, sponge.c);
  put(state + 3u, sponge.d);
}
fn sponge_reset() { sponge = State(vec4u(0u), vec4u(0u), vec4u(0u), vec4u(0u)); }
fn sponge_permute(lane: u32) { sponge = permute(sponge); }
fn sponge_begin(lane: u32, tag: u32, length: u32) { sponge.c = m31x4_add(sponge.c, vec4u(tag, length, 0u, 0u)); }
fn sponge_absorb(lane: u32, position: u32, take: u32, source: u32, is_inline: bool) {
  sponge.a = m31x4_add(sponge.a, source_chunk(0u, position, take, source, is_inline));
  sponge.b = m31x4_add(sponge.b, source_chunk(1u, position, take, source, is_inline));
}
fn sponge_word(k: u32) -> u32 {
  if (k < 4u) { return sponge.a[k]; }
  return sponge.b[k - 4u];
}
#endif`;
