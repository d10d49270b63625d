/** sum_x product of the tables' entries, x < count. Arguments: count, partials, number of tables, their addresses. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { sumStep } from "../step.ts";

export const sumProduct = sumStep(
  "sum product",
  "sum_product",
  1,
  wgsl`
fn sum_product(at: u32, first: u32, stride: u32) -> array<vec4u, 1> {
  let tables = argument(at + 2u);
  var sum = ZERO;
  for (var x = first; x < argument(at); x += stride) {
    var product = element(argument(at + 3u) + x);
    for (var t = 1u; t < tables; t++) { product = qm31_mul(product, element(argument(at + 3u + t) + x)); }
    sum = qm31_add(sum, product);
  }
  return array<vec4u, 1>(sum);
}`,
);
