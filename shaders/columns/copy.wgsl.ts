/** target[i] = source[i], i < count; elements; the ranges are disjoint. Arguments: count, target, source. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const copy = step(
  "copy",
  "copy",
  wgsl`
fn copy(at: u32, i: u32) { put(argument(at + 1u) + i, element(argument(at + 2u) + i)); }`,
);
