/** fast-check arbitraries of field elements, weighted towards 0, 1 and p - 1. */
import fc from "fast-check";
import { P } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";

/** A canonical word. */
export const anyWord: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 2, 0xffff, 0x10000, 0x40000000, P - 2, P - 1),
  fc.integer({ min: 0, max: P - 1 }),
);

/** An element of K. */
export const anyElement: fc.Arbitrary<QM31> = fc.tuple(anyWord, anyWord, anyWord, anyWord);

/** A point of n variables. */
export function anyPoint(n: number): fc.Arbitrary<QM31[]> {
  return fc.array(anyElement, { minLength: n, maxLength: n });
}
