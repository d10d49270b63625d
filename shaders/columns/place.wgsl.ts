/**
 * target[k] = source[sum_d index_d(k) stride_d], k < words: k is the row-major index over the sizes. The target begins at any word; an index of the step
 * owns one element of memory and changes those of its words that belong to the target.
 * Arguments: count of elements touched; word address of the target; words; word address of the source; number of axes; (size, stride) of each, the last one first.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const place = step(
  "place",
  "place",
  wgsl`
fn place_source(at: u32, k: u32) -> u32 {
  var rest = k;
  var source = argument(at + 3u);
  for (var d = at + 5u; d < at + 5u + 2u * argument(at + 4u); d += 2u) {
    let size = argument(d);
    let quotient = rest / size; // divides once an axis and word
    source += (rest - quotient * size) * argument(d + 1u);
    rest = quotient;
  }
  return source;
}
fn place(at: u32, i: u32) {
  let begin = argument(at + 1u);
  let end = begin + argument(at + 2u);
  let e = (begin >> 2u) + i;
  var value = element(e);
  for (var k = 0u; k < 4u; k++) {
    let w = 4u * e + k;
    if (w >= begin && w < end) { value[k] = word(place_source(at, w - begin)); }
  }
  put(e, value);
}`,
);
