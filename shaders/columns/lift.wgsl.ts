/** target[i] = (source[i], 0, 0, 0), i < count: words to elements of K. Arguments: count, target, word address of the source. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const lift = step(
  "lift",
  "lift",
  wgsl`
fn lift(at: u32, i: u32) { put(argument(at + 1u) + i, vec4u(word(argument(at + 2u) + i), 0u, 0u, 0u)); }`,
);
