/**
 * The leaves of one instance (SPEC §6.1): for padded cell k < count, numerator 1, or -m with a multiplicity, 0 on padding; denominator
 * alpha - (table + beta c1 + beta^2 c2 + ...), the columns 0 on padding.
 * lists: word addresses of the columns; then (bits, size) of the axes, the last one first. multiplicity: word address, 0xffffffff for none.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";

export const fractions: Kernel = {
  name: "fractions",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
struct Parameters {
  count: u32, numerators: u32, denominators: u32, alpha: u32, beta: u32, table: u32, multiplicity: u32, column_count: u32, axis_count: u32,
  lists: array<u32>,
}
@group(1) @binding(0) var<storage, read> parameters: Parameters;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let k = flat_group(group, groups) * LANES + lane;
  if (k >= parameters.count) { return; }
  var rest = k;
  var cell = 0u;
  var stride = 1u;
  var real = true;
  for (var d = 0u; d < parameters.axis_count; d++) {
    let at = parameters.column_count + 2u * d;
    let bits = parameters.lists[at];
    let size = parameters.lists[at + 1u];
    let index = rest & ((1u << bits) - 1u);
    rest = rest >> bits;
    real = real && index < size;
    cell += index * stride;
    stride *= size;
  }
  var tuple = ZERO;
  var numerator = 0u;
  if (real) {
    let beta = element(parameters.beta);
    for (var c = parameters.column_count; c > 0u; c--) {
      tuple.x = m31_add(tuple.x, word(parameters.lists[c - 1u] + cell));
      tuple = qm31_mul(tuple, beta);
    }
    numerator = 1u;
    if (parameters.multiplicity != 0xffffffffu) { numerator = m31_neg(word(parameters.multiplicity + cell)); }
  }
  tuple.x = m31_add(tuple.x, parameters.table);
  put(parameters.numerators + k, vec4u(numerator, 0u, 0u, 0u));
  put(parameters.denominators + k, qm31_sub(element(parameters.alpha), tuple));
}`,
};
