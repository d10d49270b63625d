/**
 * Partial sums of a contraction, one invocation a sum: partial[s, o] = sum over segment s of b of weights[b] t[a, b, c], o = a inner + c. Neighbouring
 * invocations read neighbouring c: for wide `inner`. t: summed entries b between outer a and inner c, of words or of elements.
 * Arguments: count = outputs * segments, outputs, inner, summed, length of a segment, t, whether t is of words, weights, target.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const contractColumns = step(
  "contract columns",
  "contract_columns",
  wgsl`
fn contract_columns(at: u32, i: u32) {
  let outputs = argument(at + 1u);
  let inner = argument(at + 2u);
  let summed = argument(at + 3u);
  let segment = argument(at + 4u);
  let words = argument(at + 6u);
  let s = i / outputs; // divides twice a sum of many products
  let o = i - s * outputs;
  let a = o / inner; // divides, as above
  let c = o - a * inner;
  let end = min((s + 1u) * segment, summed);
  var p = argument(at + 5u) + (a * summed + s * segment) * inner + c;
  var sum = ZERO;
  for (var b = s * segment; b < end; b++) {
    let weight = element(argument(at + 7u) + b);
    if (words == 1u) {
      sum = qm31_add(sum, qm31_scale(weight, word(p)));
    } else {
      sum = qm31_add(sum, qm31_mul(weight, element(p)));
    }
    p += inner;
  }
  put(argument(at + 8u) + i, sum);
}`,
);
