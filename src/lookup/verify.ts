/**
 * Verifies the look-up tree (SPEC §6): from the root, whose fraction must be 0/D with D != 0, layer by layer to one point of the leaf layer, where the looked-up
 * columns' evaluations must give the same fraction. What remains to be shown is returned as claims on committed columns.
 */
import { InternalError, VerifyError } from "../errors.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import type { ValuedClaim } from "../pcs/claim.ts";
import { eqBits } from "../poly/eq.ts";
import { maskAt } from "../poly/multilinear.ts";
import { quadraticAt } from "../poly/univariate.ts";
import { bitsOf, type ColumnId, type System, type TableColumn } from "../system/types.ts";
import type { Receiver } from "../transcript/receiver.ts";
import { TAGS } from "../transcript/tags.ts";
import type { Instance, LookupPlan } from "./plan.ts";
import { evaluateTable } from "./tables.ts";

/** The evaluation of a public column at one point per dimension. */
export type EvaluatePublic = (column: ColumnId, point: readonly (readonly QM31[])[]) => QM31;

interface Fraction {
  readonly numerator: QM31;
  readonly denominator: QM31;
}

/** Reduces the look-ups to claims, not yet opened. @throws VerifyError lookup/root, lookup/round, lookup/leaves, grind/nonce, decode/* */
export function reduceLookups(
  receiver: Receiver,
  system: System,
  plan: LookupPlan,
  grinding: number,
  evaluatePublic: EvaluatePublic,
): ValuedClaim[] {
  receiver.grind(grinding);
  const alpha = receiver.draw();
  const beta = receiver.draw();
  const { point, fraction } = reduceLayers(receiver, plan.bits);

  const values = receiver.receiveElements(TAGS.lookupEvaluations, plan.evaluations.length);
  const claims = plan.evaluations.map(({ column, bits }, i): ValuedClaim => {
    const value = values[i];
    if (!value) throw new InternalError("fewer look-up evaluations than planned");
    return { column, point: split(point.slice(point.length - bits), system.columns[column]?.shape ?? []), value };
  });
  const known = new Map(claims.map((c, i) => [`${c.column} ${plan.evaluations[i]?.bits}`, c.value]));

  let covered = k.ZERO;
  let numerator = k.ZERO;
  let denominator = k.ZERO;
  for (const instance of plan.instances) {
    const prefix = point.length - instance.bits;
    const selector = eqBits(point.slice(0, prefix), instance.offset / 2 ** instance.bits, prefix);
    const local = point.slice(prefix);
    const axes = split(local, instance.shape);
    const committed = (column: ColumnId): QM31 => known.get(`${column} ${instance.bits}`) ?? evaluatePublic(column, axes);
    const leaf = leafFraction(instance, local, axes, alpha, beta, committed);
    covered = k.add(covered, selector);
    numerator = k.add(numerator, k.mul(selector, leaf.numerator));
    denominator = k.add(denominator, k.mul(selector, leaf.denominator));
  }
  denominator = k.add(denominator, k.sub(k.ONE, covered));
  if (!k.equals(numerator, fraction.numerator) || !k.equals(denominator, fraction.denominator))
    throw new VerifyError("lookup/leaves", "look-up evaluations");
  return claims;
}

/** From the root to a point of layer `depth` and the fraction claimed there. */
function reduceLayers(receiver: Receiver, depth: number): { point: QM31[]; fraction: Fraction } {
  let point: QM31[] = [];
  let fraction: Fraction = { numerator: k.ZERO, denominator: k.ZERO };
  for (let d = 1; d <= depth; d++) {
    const path = `look-up layer ${d}`;
    const lambda = d > 1 ? receiver.draw() : k.ZERO;
    let claim = k.add(fraction.numerator, k.mul(lambda, fraction.denominator));
    const challenges: QM31[] = [];
    for (const w of point) {
      const [low, lead] = pair(receiver.receiveElements(TAGS.lookupRound, 2));
      if (k.isZero(w)) throw new VerifyError("lookup/round", path);
      const high = k.mul(k.sub(claim, k.mul(k.sub(k.ONE, w), low)), k.inv(w));
      const r = receiver.draw();
      claim = quadraticAt(low, high, lead, r);
      challenges.push(r);
    }
    const [n0, n1, d0, d1] = receiver.receiveElements(TAGS.lookupValues, 4);
    if (!n0 || !n1 || !d0 || !d1) throw new InternalError("four values expected");
    const sum = k.add(k.mul(n0, d1), k.mul(n1, d0));
    const product = k.mul(d0, d1);
    if (d === 1) {
      if (!k.isZero(sum) || k.isZero(product)) throw new VerifyError("lookup/root", path);
    } else if (!k.equals(claim, k.add(sum, k.mul(lambda, product)))) throw new VerifyError("lookup/round", path);
    const mu = receiver.draw();
    fraction = { numerator: k.add(n0, k.mul(mu, k.sub(n1, n0))), denominator: k.add(d0, k.mul(mu, k.sub(d1, d0))) };
    point = [mu, ...challenges];
  }
  return { point, fraction };
}

/** The extension of an instance's fractions at a point of its own variables. */
function leafFraction(
  instance: Instance,
  local: readonly QM31[],
  axes: readonly (readonly QM31[])[],
  alpha: QM31,
  beta: QM31,
  committed: (column: ColumnId) => QM31,
): Fraction {
  const value = (column: TableColumn): QM31 =>
    column.kind === "column" ? committed(column.column) : evaluateTable(column, instance.shape[0] ?? 1, local);
  let fingerprint = k.fromInteger(instance.number);
  let power = beta;
  for (const column of instance.columns) {
    fingerprint = k.add(fingerprint, k.mul(power, value(column)));
    power = k.mul(power, beta);
  }
  const real = instance.shape.reduce((product, size, d) => k.mul(product, maskAt(size, axes[d] ?? [])), k.ONE);
  return {
    numerator: instance.multiplicity === null ? real : k.neg(committed(instance.multiplicity)),
    denominator: k.sub(alpha, fingerprint),
  };
}

/** A point cut into one point per dimension. */
function split(point: readonly QM31[], shape: readonly number[]): QM31[][] {
  let next = 0;
  return shape.map((size) => {
    const axis = point.slice(next, next + bitsOf(size));
    next += axis.length;
    return axis;
  });
}

function pair(list: readonly QM31[]): [QM31, QM31] {
  const [a, b] = list;
  if (!a || !b) throw new InternalError("two elements expected");
  return [a, b];
}
