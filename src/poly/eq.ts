/**
 * The equality polynomial eq(a, b) = prod_k (a_k b_k + (1 - a_k)(1 - b_k)) (SPEC §1.5). Points list variable 0 first, which is the most
 * significant bit of an index.
 */
import { InternalError } from "../errors.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";

/** eq(a, b) of two points of equal length; 1 for the empty ones. */
export function eqAt(a: readonly QM31[], b: readonly QM31[]): QM31 {
  if (a.length !== b.length) throw new InternalError(`eq of points of ${a.length} and ${b.length} variables`);
  let product = qm31.ONE;
  for (let k = 0; k < a.length; k++) {
    const both = qm31.mul(a[k]!, b[k]!);
    const neither = qm31.sub(qm31.ONE, qm31.sub(qm31.add(a[k]!, b[k]!), both));
    product = qm31.mul(product, qm31.add(both, neither));
  }
  return product;
}

/** eq(point, index) for an index below 2^bits, bits = point.length, at most 31. */
export function eqBits(point: readonly QM31[], index: number, bits: number): QM31 {
  if (bits !== point.length || index < 0 || index >= 2 ** bits) {
    throw new InternalError(`eq of index ${index} with ${bits} bits and a point of ${point.length} variables`);
  }
  let product = qm31.ONE;
  for (let k = 0; k < bits; k++) {
    const bit = (index >>> (bits - 1 - k)) & 1;
    product = qm31.mul(product, bit === 1 ? point[k]! : qm31.sub(qm31.ONE, point[k]!));
  }
  return product;
}

/** eq(point, x) for all x in [0, 2^point.length). */
export function eqTable(point: readonly QM31[]): QM31[] {
  let table: QM31[] = [qm31.ONE];
  for (const coordinate of point) {
    const next: QM31[] = [];
    for (const entry of table) {
      const one = qm31.mul(entry, coordinate);
      next.push(qm31.sub(entry, one), one);
    }
    table = next;
  }
  return table;
}
