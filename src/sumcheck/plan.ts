/**
 * The shape of the constraint sumcheck (SPEC §7): for every term its joint axes, its place among the rounds, and the evaluation each leaf is reduced to.
 * A function of the system alone; prover and verifier both read it.
 */
import { ModelError } from "../errors.ts";
import { MAX_DEGREE } from "../poly/univariate.ts";
import type { AxisId, ColumnId, Constraint, Factor, System, Term } from "../system/types.ts";
import { bitsOf } from "../system/types.ts";

/** One coordinate of an evaluation point: variable `index` of rho, the challenge of round `index`, or 1/2. */
export type Coordinate =
  | { readonly from: "rho"; readonly index: number }
  | { readonly from: "round"; readonly index: number }
  | { readonly from: "half" };

/** A column at a point: coordinates per dimension, most significant bit first. */
export interface Evaluation {
  readonly column: ColumnId;
  readonly coordinates: readonly (readonly Coordinate[])[];
}

export interface LeafPlan {
  readonly axes: readonly AxisId[];
  readonly evaluation: Evaluation;
  /** Index into `ConstraintPlan.constant` or `.round`, or null for a public column, which the verifier evaluates. */
  readonly sent: { readonly list: "constant" | "round"; readonly index: number } | null;
}

export interface FactorPlan {
  readonly factor: Factor;
  readonly coordinates: readonly (readonly Coordinate[])[];
}

export interface TermPlan {
  /** Number of the constraint: the exponent of gamma. */
  readonly constraint: number;
  /** Signed integer coefficient; `doublings` counts the further factors 2 of summed axes. */
  readonly coefficient: number;
  readonly doublings: number;
  /** Joint axes in axis order; together they have `variables` variables. */
  readonly joint: readonly AxisId[];
  readonly variables: number;
  /** Joint axes that are free: each brings eq(rho, .). */
  readonly equalities: readonly AxisId[];
  readonly leaves: readonly LeafPlan[];
  readonly factors: readonly FactorPlan[];
}

export interface ConstraintPlan {
  /** First rho variable of an axis that is free somewhere; the axis has bitsOf(size) of them. */
  readonly rho: ReadonlyMap<AxisId, number>;
  readonly rhoBits: number;
  readonly rounds: number;
  readonly degree: number;
  readonly terms: readonly TermPlan[];
  /** Evaluations sent before the rounds (no round coordinate) and after them. */
  readonly constant: readonly Evaluation[];
  readonly round: readonly Evaluation[];
}

/** Tables have at most 2^30 entries. */
const MAX_ROUNDS = 30;

/** The sumcheck of a system that `checkSystem` accepts. @throws ModelError if it has too many variables or too high a degree */
export function planConstraints(system: System): ConstraintPlan {
  const bits = (axis: AxisId) => bitsOf(system.axes[axis]?.size ?? 1);
  const free = new Set(system.constraints.flatMap((c) => [...c.free]));
  const rho = new Map<AxisId, number>();
  let rhoBits = 0;
  system.axes.forEach((_, axis) => {
    if (!free.has(axis)) return;
    rho.set(axis, rhoBits);
    rhoBits += bits(axis);
  });

  const jointOf = (term: Term): AxisId[] => {
    const count = new Map<AxisId, number>();
    for (const part of [...term.leaves, ...term.factors]) for (const axis of part.axes) count.set(axis, (count.get(axis) ?? 0) + 1);
    return [...count].flatMap(([axis, n]) => (n > 1 ? [axis] : [])).sort((a, b) => a - b);
  };
  const variablesOf = (joint: readonly AxisId[]) => joint.reduce((n, axis) => n + bits(axis), 0);
  const rounds = system.constraints.reduce((n, c) => c.terms.reduce((m, t) => Math.max(m, variablesOf(jointOf(t))), n), 0);

  if (rounds > MAX_ROUNDS) throw new ModelError(`A constraint has ${rounds} joint variables, allowed are ${MAX_ROUNDS}`);

  const lists = { constant: [] as Evaluation[], round: [] as Evaluation[] };
  const index = new Map<string, LeafPlan["sent"]>();
  let degree = 2;

  const planTerm = (constraint: Constraint, number: number, term: Term): TermPlan => {
    const joint = jointOf(term);
    const variables = variablesOf(joint);
    const first = new Map<AxisId, number>();
    let next = rounds - variables;
    for (const axis of joint) {
      first.set(axis, next);
      next += bits(axis);
    }
    const isFree = new Set(constraint.free);
    let doublings = 0;
    const halved = new Set<AxisId>();
    const coordinatesOf = (axis: AxisId): Coordinate[] =>
      Array.from({ length: bits(axis) }, (_, i): Coordinate => {
        const round = first.get(axis);
        if (round !== undefined) return { from: "round", index: round + i };
        if (isFree.has(axis)) return { from: "rho", index: (rho.get(axis) ?? 0) + i };
        if (!halved.has(axis)) doublings += bits(axis);
        halved.add(axis);
        return { from: "half" };
      });
    const leaves = term.leaves.map((leaf): LeafPlan => {
      const evaluation = { column: leaf.column, coordinates: leaf.axes.map(coordinatesOf) };
      if (system.columns[leaf.column]?.kind === "public") return { axes: leaf.axes, evaluation, sent: null };
      const list = evaluation.coordinates.flat().some((c) => c.from === "round") ? "round" : "constant";
      const key = evaluationKey(evaluation);
      let sent = index.get(key);
      if (!sent) {
        sent = { list, index: lists[list].push(evaluation) - 1 };
        index.set(key, sent);
      }
      return { axes: leaf.axes, evaluation, sent };
    });
    const factors = term.factors.map((factor) => ({ factor, coordinates: factor.axes.map(coordinatesOf) }));
    const equalities = joint.filter((axis) => isFree.has(axis));
    for (const axis of joint) {
      const sharing = [...term.leaves, ...term.factors].filter((part) => (part.axes as readonly AxisId[]).includes(axis)).length;
      if (bits(axis) > 0) degree = Math.max(degree, sharing + (isFree.has(axis) ? 1 : 0));
    }
    if (degree > MAX_DEGREE)
      throw new ModelError(`Constraint ${constraint.name} has degree ${degree} in one variable, allowed is ${MAX_DEGREE}`);
    return { constraint: number, coefficient: term.coefficient, doublings, joint, variables, equalities, leaves, factors };
  };

  const terms = system.constraints.flatMap((constraint, number) => constraint.terms.map((term) => planTerm(constraint, number, term)));
  return { rho, rhoBits, rounds, degree, terms, constant: lists.constant, round: lists.round };
}

/** Equal keys mean equal column and point. */
export function evaluationKey(evaluation: Evaluation): string {
  return `${evaluation.column}:${evaluation.coordinates.map((axis) => axis.map((c) => (c.from === "half" ? "h" : `${c.from}${c.index}`)).join(",")).join(";")}`;
}

/** The values that coordinates stand for, in order. */
export function resolve<T>(coordinates: readonly Coordinate[], rho: (index: number) => T, round: (index: number) => T, half: T): T[] {
  return coordinates.map((c) => (c.from === "rho" ? rho(c.index) : c.from === "round" ? round(c.index) : half));
}
