/** Binds entries x and x + half of the joining tables, of 4 half entries each, in place by r. list: where the arguments hold their addresses. Needs arguments, memory, field/qm31. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const join = wgsl`
// sumcheck/join
fn join_tables(list: u32, count: u32, x: u32, half: u32, r: vec4u) {
  for (var j = 0u; j < 2u * count; j++) {
    let p = argument(list + (j >> 1u)) + x + (j & 1u) * half;
    put(p, line(element(p), element(p + 2u * half), r));
  }
}`;
