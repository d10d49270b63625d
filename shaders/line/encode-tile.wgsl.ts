/**
 * The first layers of the line code (SPEC §3.2) on tiles of 2^tile_bits codeword entries, in workgroup memory: repeats the message's entries 2^blowup times,
 * then for block sizes 2^(blowup + 1) .. 2^tile_bits (e, o) -> (e + x o, e - x o). One workgroup a tile. twiddles: word address of the heap.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

/** log2 of the entries of a full tile: 16 KiB, what every device has. */
export const TILE_BITS = 10;

export const encodeTile: Kernel = {
  name: "encode tile",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { tiles: u32, dst: u32, message: u32, blowup: u32, tile_bits: u32, twiddles: u32 }
@group(1) @binding(0) var<storage, read> parameters: Parameters;
const TILE_LANES = 256u;
var<workgroup> tile: array<vec4u, ${2 ** TILE_BITS}>;

@compute @workgroup_size(TILE_LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = flat_group(group, groups) << parameters.tile_bits;
  let size = select(0u, 1u << parameters.tile_bits, flat_group(group, groups) < parameters.tiles);
  for (var i = lane; i < size; i += TILE_LANES) { tile[i] = element(parameters.message + ((first + i) >> parameters.blowup)); }
  workgroupBarrier();
  for (var n = parameters.blowup + 1u; n <= parameters.tile_bits; n++) {
    let half = 1u << (n - 1u);
    for (var j = lane; j < (size >> 1u); j += TILE_LANES) {
      let i = j & (half - 1u);
      let even_at = ((j >> (n - 1u)) << n) + i;
      let even = tile[even_at];
      let odd = qm31_scale(tile[even_at + half], word(parameters.twiddles + half + i));
      tile[even_at] = qm31_add(even, odd);
      tile[even_at + half] = qm31_sub(even, odd);
    }
    workgroupBarrier();
  }
  for (var i = lane; i < size; i += TILE_LANES) { put(parameters.dst + first + i, tile[i]); }
}`,
};
