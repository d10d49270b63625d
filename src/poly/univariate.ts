/**
 * Round polynomials of sumchecks at a challenge, from the values that a prover sends: p(0..d) or, for quadratics, p(0), p(1) and the leading
 * coefficient p(inf) (SPEC §6.3, §7.4, §8.4).
 */
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";

/** Largest degree of `interpolateAt`. */
export const MAX_DEGREE = 4;

/** 1 / prod_{j != i} (i - j) for the nodes 0..d, by d and i. */
const INVERSE_DENOMINATORS: readonly (readonly number[])[] = Array.from({ length: MAX_DEGREE + 1 }, (_, degree) =>
  Array.from({ length: degree + 1 }, (_, i) => {
    let product = 1;
    for (let j = 0; j <= degree; j++) if (j !== i) product *= i - j;
    return m31.inv(m31.fromInteger(product));
  }),
);

/** p(r) of the polynomial of degree <= d with these values at 0, 1, ..., d; d <= 4. */
export function interpolateAt(values: readonly QM31[], r: QM31): QM31 {
  const inverses = INVERSE_DENOMINATORS[values.length - 1];
  if (inverses === undefined) throw new InternalError(`Interpolation of ${values.length} values`);
  // prefix[i] = prod_{j < i} (r - j); the products over j > i are taken from the right.
  const prefix: QM31[] = [qm31.ONE];
  for (let j = 0; j < values.length; j++) prefix.push(qm31.mul(prefix[j]!, qm31.sub(r, qm31.fromBase(j))));
  let suffix = qm31.ONE;
  let total = qm31.ZERO;
  for (let i = values.length - 1; i >= 0; i--) {
    const basis = qm31.scale(qm31.mul(prefix[i]!, suffix), inverses[i]!);
    total = qm31.add(total, qm31.mul(values[i]!, basis));
    suffix = qm31.mul(suffix, qm31.sub(r, qm31.fromBase(i)));
  }
  return total;
}

/** p(r) of the quadratic with p(0), p(1) and leading coefficient given. */
export function quadraticAt(atZero: QM31, atOne: QM31, leading: QM31, r: QM31): QM31 {
  const linear = qm31.sub(qm31.sub(atOne, atZero), leading);
  return qm31.add(atZero, qm31.mul(r, qm31.add(linear, qm31.mul(r, leading))));
}
