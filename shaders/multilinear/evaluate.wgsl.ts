/**
 * Evaluations of many tensors of words: sum over a tensor's cells of cell * prod_d weights_d[index_d], cells row-major. One pass over the cells, whatever the
 * number of axes. partial[workgroup]; the workgroups of a tensor share its cells.
 * Arguments: number of tensors, partials; (workgroup past the tensor's last, offset) of each. From `offset` on: its first workgroup, cells, word address, number of
 * axes; (size, weights) of each axis, the last one first.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { argumentList } from "../arguments.wgsl.ts";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

export const evaluate: Kernel = {
  name: "evaluate",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${argumentList}
${reduce(f)}
fn tensor_of(group: u32) -> u32 {
  var first = 0u;
  var last = argument(0u) - 1u;
  while (first < last) {
    let middle = (first + last) >> 1u;
    if (argument(2u + 2u * middle) <= group) { first = middle + 1u; } else { last = middle; }
  }
  return first;
}
fn weighted(tensor: u32, x: u32) -> vec4u {
  var rest = x;
  var product = vec4u(word(argument(tensor + 2u) + x), 0u, 0u, 0u);
  let end = tensor + 4u + 2u * argument(tensor + 3u);
  for (var axis = tensor + 4u; axis < end; axis += 2u) {
    let size = argument(axis);
    let quotient = rest / size; // divides once an axis and cell
    product = qm31_mul(product, element(argument(axis + 1u) + rest - quotient * size));
    rest = quotient;
  }
  return product;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let which = tensor_of(g);
  let end = argument(2u + 2u * which);
  let tensor = argument(3u + 2u * which);
  let start = argument(tensor);
  let cells = select(0u, argument(tensor + 1u), g < end); // the grid may have workgroups too many
  var sum = ZERO;
  for (var x = (g - start) * LANES + lane; x < cells; x += (end - start) * LANES) { sum = qm31_add(sum, weighted(tensor, x)); }
  let total = sum_over_lanes(lane, sum);
  if (lane == 0u && g < end) { put(argument(1u) + g, total); }
}`,
};
