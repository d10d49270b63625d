/**
 * Fold of a codeword on 2 count points (SPEC §3.3): h + r (d - h), h = (f(i) + f(i + count)) / 2, d = (f(i) - f(i + count)) / (2 x_i).
 * Arguments: count, target, codeword, r, word address of the heap of 1 / (2 x).
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const fold = step(
  "fold",
  "fold",
  wgsl`
const HALF = 0x40000000u; // 1 / 2
fn fold(at: u32, i: u32) {
  let count = argument(at);
  let code = argument(at + 2u) + i;
  let a = element(code);
  let b = element(code + count);
  let even = qm31_scale(qm31_add(a, b), HALF);
  let odd = qm31_scale(qm31_sub(a, b), word(argument(at + 4u) + count + i));
  put(argument(at + 1u) + i, line(even, odd, element(argument(at + 3u))));
}`,
);
