/** Keys of segments: parameters under which the two sides of a boundary have one root, and errors that add up to the target (SPEC §13.1). */
import { ModelError } from "../errors.ts";
import { log2 } from "../security/numbers.ts";
import { chooseTogether, DEFAULT_TARGET } from "../security/parameters.ts";
import type { Parameters } from "../security/types.ts";
import type { System } from "../system/types.ts";
import { type SecurityTarget, sizesOf } from "./commit.ts";

/** Parameters for every segment of a computation. @throws ModelError if the target cannot be met, or for the Johnson regime: there a root binds a list of words, and two segments could open different ones */
export function segmentParameters(systems: readonly System[], target: SecurityTarget = {}): Parameters[] {
  if (target.regime === "johnson")
    throw new ModelError("Segments cannot be proven in the Johnson regime: a boundary's root has to bind one word");
  const bits = (target.bits ?? DEFAULT_TARGET) + log2(systems.length);
  return chooseTogether(systems.map(sizesOf), bits, "unique-decoding");
}
