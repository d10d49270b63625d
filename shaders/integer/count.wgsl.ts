/**
 * How many cells of several columns are start + b, for b < size; what is none of these counts as b = size. A workgroup counts one window of BINS values in one of
 * `chunks` shares of the cells, in workgroup memory, and writes its counts: counts[chunk, b], rows of `stride` elements.
 *
 * Atomic additions in workgroup memory: the pages hold vec4u, which cannot be atomic, and one hot value costs less there. columns: (word address, length).
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";
import { integers } from "./integers.wgsl.ts";

/** Values that a workgroup counts: 16 KiB, the least that every device has. */
export const BINS = 4096;

export const count: Kernel = {
  name: "count",
  text: (f) => wgsl`${base(f)}
${integers}
struct Parameters { start: i32, size: u32, chunks: u32, stride: u32, counts: u32, column_count: u32, columns: array<vec2u> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

const BINS = ${BINS}u;
var<workgroup> bins: array<atomic<u32>, BINS>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let window = g / parameters.chunks; // divides: once a workgroup
  let chunk = g - window * parameters.chunks;
  // Without bounds checks workgroup memory does not begin as zeros.
  for (var b = lane; b < BINS; b += LANES) { atomicStore(&bins[b], 0u); }
  workgroupBarrier();
  for (var c = 0u; c < parameters.column_count; c++) {
    let column = parameters.columns[c];
    for (var i = chunk * LANES + lane; i < column.y; i += parameters.chunks * LANES) {
      let row = bitcast<u32>(integer(word(column.x + i)) - parameters.start);
      let bin = min(row, parameters.size) - window * BINS;
      if (bin < BINS) { atomicAdd(&bins[bin], 1u); }
    }
  }
  workgroupBarrier();
  let first = window * (BINS / 4u);
  for (var e = lane; e < BINS / 4u; e += LANES) {
    if (first + e < parameters.stride) {
      let counted = vec4u(atomicLoad(&bins[4u * e]), atomicLoad(&bins[4u * e + 1u]), atomicLoad(&bins[4u * e + 2u]), atomicLoad(&bins[4u * e + 3u]));
      put(parameters.counts + chunk * parameters.stride + first + e, counted);
    }
  }
}`,
};
