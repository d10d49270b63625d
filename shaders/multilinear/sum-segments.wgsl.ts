/** target[o] = sum_s partial[s, o], o < count, s < segments. Arguments: count, target, partials, segments. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { step } from "../step.ts";

export const sumSegments = step(
  "sum segments",
  "sum_segments",
  wgsl`
fn sum_segments(at: u32, o: u32) {
  var sum = ZERO;
  for (var s = 0u; s < argument(at + 3u); s++) { sum = qm31_add(sum, element(argument(at + 2u) + s * argument(at) + o)); }
  put(argument(at + 1u) + o, sum);
}`,
);
