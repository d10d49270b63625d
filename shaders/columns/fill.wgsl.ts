/** target[i] = value, i < count; elements. Arguments: count, target, four words. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const fill = step(
  "fill",
  "fill",
  wgsl`
fn fill(at: u32, i: u32) {
  put(argument(at + 1u) + i, vec4u(argument(at + 2u), argument(at + 3u), argument(at + 4u), argument(at + 5u)));
}`,
);
