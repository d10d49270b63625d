/**
 * Evaluation of a tensor of words: sum over its cells of cell * prod_d weights_d[index_d], cells row-major. One pass over the cells, whatever the number of axes.
 * Arguments: cells, partials, word address of the tensor, number of axes; (size, weights) of each axis, the last one first.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { sumStep } from "../step.ts";

export const evaluate = sumStep(
  "evaluate",
  "evaluate",
  1,
  wgsl`
fn evaluate(at: u32, first: u32, stride: u32) -> array<vec4u, 1> {
  let end = at + 4u + 2u * argument(at + 3u);
  var sum = ZERO;
  for (var x = first; x < argument(at); x += stride) {
    var rest = x;
    var product = vec4u(word(argument(at + 2u) + x), 0u, 0u, 0u);
    for (var axis = at + 4u; axis < end; axis += 2u) {
      let size = argument(axis);
      let quotient = rest / size; // divides once an axis and cell
      product = qm31_mul(product, element(argument(axis + 1u) + rest - quotient * size));
      rest = quotient;
    }
    sum = qm31_add(sum, product);
  }
  return array<vec4u, 1>(sum);
}`,
);
