/** partial[workgroup] = sum_x product of the tables' entries, x < count, shared between all invocations of the grid. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

export const sumProduct: Kernel = {
  name: "sum product",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${reduce}
struct Parameters { count: u32, partials: u32, table_count: u32, tables: array<u32> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let stride = group_count(groups) * LANES;
  var sum = ZERO;
  for (var x = g * LANES + lane; x < parameters.count; x += stride) {
    var product = element(parameters.tables[0] + x);
    for (var t = 1u; t < parameters.table_count; t++) { product = qm31_mul(product, element(parameters.tables[t] + x)); }
    sum = qm31_add(sum, product);
  }
  let total = sum_over_lanes(lane, sum);
  if (lane == 0u) { put(parameters.partials + g, total); }
}`,
};
