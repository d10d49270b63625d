/** Claims on committed columns: what the arguments leave over and the opening shows (SPEC §8.3). */
import type { QM31 } from "../field/qm31.ts";
import type { ColumnId } from "../system/types.ts";

/** A column at one point per dimension, most significant bit first. T is an element (verifier) or a scalar's index (prover). */
export interface Claim<T> {
  readonly column: ColumnId;
  readonly point: readonly (readonly T[])[];
}

/** A claim with the value the prover sent. */
export interface ValuedClaim extends Claim<QM31> {
  readonly value: QM31;
}
