/** The layer above (SPEC §6.2): (n0 d1 + n1 d0) / (d0 d1) over the halves of a layer of 2 count fractions. Arguments: count, numerators, denominators, and where both go. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const addFractions = step(
  "add fractions",
  "add_fractions",
  wgsl`
fn add_fractions(at: u32, i: u32) {
  let count = argument(at);
  let numerators = argument(at + 1u) + i;
  let denominators = argument(at + 2u) + i;
  let d0 = element(denominators);
  let d1 = element(denominators + count);
  put(argument(at + 3u) + i, qm31_add(qm31_mul(element(numerators), d1), qm31_mul(element(numerators + count), d0)));
  put(argument(at + 4u) + i, qm31_mul(d0, d1));
}`,
);
