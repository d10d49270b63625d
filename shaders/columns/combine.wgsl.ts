/** target[x] = sum_k weight_k column_k[x], x < count. Arguments: count, target, number of columns; (address, whether of words, weight) of every column. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const combine = step(
  "combine",
  "combine",
  wgsl`
fn combine(at: u32, x: u32) {
  var sum = ZERO;
  for (var k = 0u; k < argument(at + 2u); k++) {
    let summand = at + 3u + 3u * k;
    let address = argument(summand);
    let weight = element(argument(summand + 2u));
    if (argument(summand + 1u) == 1u) {
      sum = qm31_add(sum, qm31_scale(weight, word(address + x)));
    } else {
      sum = qm31_add(sum, qm31_mul(weight, element(address + x)));
    }
  }
  put(argument(at + 1u) + x, sum);
}`,
);
