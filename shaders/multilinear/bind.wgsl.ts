/** Binds the first variable in place: table[x] = table[x] + r (table[x + half] - table[x]), x < half. tables: (address, half). */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const bind: Kernel = {
  name: "bind",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters { largest: u32, r: u32, table_count: u32, unused: u32, tables: array<vec2u> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  let t = i / parameters.largest; // divides once an invocation
  if (t >= parameters.table_count) { return; }
  let x = i - t * parameters.largest;
  let table = parameters.tables[t];
  if (x >= table.y) { return; }
  let p = table.x + x;
  put(p, line(element(p), element(p + table.y), element(parameters.r)));
}`,
};
