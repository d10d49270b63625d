/**
 * Verifies the batched constraint sumcheck (SPEC §7): constant terms form the claim, the rounds reduce it to one point, and the leaves' evaluations there must
 * give the claimed value. What remains to be shown is returned as claims on committed columns.
 */
import { InternalError, VerifyError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import type { EvaluatePublic } from "../lookup/verify.ts";
import type { ValuedClaim } from "../pcs/claim.ts";
import { eqAt } from "../poly/eq.ts";
import { interpolateAt } from "../poly/univariate.ts";
import { evaluateFactor, type PublicIndices } from "../system/factors.ts";
import { type AxisId, bitsOf, type System } from "../system/types.ts";
import type { Receiver } from "../transcript/receiver.ts";
import { TAGS } from "../transcript/tags.ts";
import { type ConstraintPlan, type Coordinate, type Evaluation, resolve, type TermPlan } from "./plan.ts";

const HALF: QM31 = k.fromBase(m31.halfPower(1));

/** Reduces all constraints to claims, not yet opened. @throws VerifyError constraint/final, decode/* */
export function reduceConstraints(
  receiver: Receiver,
  system: System,
  plan: ConstraintPlan,
  evaluatePublic: EvaluatePublic,
  indices: PublicIndices,
): ValuedClaim[] {
  const rho = receiver.drawElements(plan.rhoBits);
  const gamma = k.powers(receiver.draw(), system.constraints.length);
  const challenges: QM31[] = [];
  const point = (coordinates: readonly Coordinate[]) =>
    resolve(
      coordinates,
      (i) => at(rho, i),
      (i) => at(challenges, i),
      HALF,
    );
  const claimsOf = (evaluations: readonly Evaluation[], values: readonly QM31[]) =>
    evaluations.map((e, i): ValuedClaim => ({ column: e.column, point: e.coordinates.map(point), value: at(values, i) }));

  const constant = receiver.receiveElements(TAGS.constantEvaluations, plan.constant.length);
  const values = { constant, round: [] as QM31[] };

  const termValue = (term: TermPlan): QM31 => {
    const doubled = m31.pow(2, term.doublings);
    let value = k.scale(at(gamma, term.constraint), m31.mul(m31.fromInteger(term.coefficient), doubled));
    if (term.variables > 0) value = k.scale(value, m31.halfPower(plan.rounds - term.variables));
    for (const axis of term.equalities) value = k.mul(value, eqAt(rhoOf(axis), jointPoint(term, axis)));
    for (const { evaluation, sent } of term.leaves)
      value = k.mul(value, sent ? at(values[sent.list], sent.index) : evaluatePublic(evaluation.column, evaluation.coordinates.map(point)));
    for (const { factor, coordinates } of term.factors)
      value = k.mul(
        value,
        evaluateFactor(
          factor,
          factor.axes.map((a) => sizeOf(a)),
          coordinates.map(point),
          indices,
        ),
      );
    return value;
  };
  const sizeOf = (axis: AxisId) => system.axes[axis]?.size ?? 1;
  const rhoOf = (axis: AxisId) => {
    const first = plan.rho.get(axis) ?? 0;
    return rho.slice(first, first + bitsOf(sizeOf(axis)));
  };
  const jointPoint = (term: TermPlan, axis: AxisId) => {
    const before = term.joint.slice(0, term.joint.indexOf(axis)).reduce((n, a) => n + bitsOf(sizeOf(a)), plan.rounds - term.variables);
    return challenges.slice(before, before + bitsOf(sizeOf(axis)));
  };

  let claim = k.neg(k.sum(plan.terms.filter((t) => t.variables === 0).map(termValue)));
  for (let round = 0; round < plan.rounds; round++) {
    const [low, ...rest] = receiver.receiveElements(TAGS.constraintRound, plan.degree);
    if (!low) throw new InternalError("empty round polynomial");
    const r = receiver.draw();
    claim = interpolateAt([low, k.sub(claim, low), ...rest], r);
    challenges.push(r);
  }
  values.round = receiver.receiveElements(TAGS.leafEvaluations, plan.round.length);
  const final = k.sum(plan.terms.filter((t) => t.variables > 0).map(termValue));
  if (!k.equals(claim, final)) throw new VerifyError("constraint/final", "constraint sumcheck");
  return [...claimsOf(plan.constant, values.constant), ...claimsOf(plan.round, values.round)];
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new InternalError(`index ${index} of ${list.length}`);
  return item;
}
