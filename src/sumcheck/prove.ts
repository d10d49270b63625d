/**
 * Proves the batched constraint sumcheck (SPEC §7): contracts every leaf to its joint axes, then runs all terms through common rounds. Sends what
 * `reduceConstraints` receives.
 */
import type { Column, IdleTerm, ProductTerm, Scalar } from "../backend/backend.ts";
import type { ColumnStore } from "../backend/columns.ts";
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { Claim } from "../pcs/claim.ts";
import type { Tick } from "../pcs/prove-commit.ts";
import { factorCells, type PublicIndices } from "../system/factors.ts";
import { type AxisId, bitsOf, type System } from "../system/types.ts";
import { TAGS } from "../transcript/tags.ts";
import { type ConstraintPlan, type Coordinate, type Evaluation, evaluationKey, resolve, type TermPlan } from "./plan.ts";

/** A term's tables over its joint variables, and its weight gamma^c coefficient 2^-(idle rounds). */
interface JoinedTerm {
  readonly variables: number;
  readonly tables: readonly Table[];
  readonly weight: Scalar;
  readonly total: Column;
}

/** A table shared by terms; `current` shrinks as it is bound. */
interface Table {
  current: Column;
}

/** Proves all constraints; returns the claims in the order of their values. Ticks after every round. */
export async function proveConstraints(
  store: ColumnStore,
  system: System,
  plan: ConstraintPlan,
  indices: PublicIndices,
  tick: Tick,
): Promise<Claim<Scalar>[]> {
  const { session } = store;
  const rho = session.draw(plan.rhoBits);
  const gamma = session.draw(1);
  const half = session.constants(Uint32Array.of(m31.halfPower(1), 0, 0, 0));
  const challenges: Scalar[] = [];
  const point = (coordinates: readonly Coordinate[]) =>
    resolve(
      coordinates,
      (i) => rho + i,
      (i) => challenges[i] ?? missing(`challenge ${i}`),
      half,
    );
  const claimOf = (e: Evaluation): Claim<Scalar> => ({ column: e.column, point: e.coordinates.map(point) });

  const constant = plan.constant.map(claimOf);
  session.send(TAGS.constantEvaluations, store.evaluate(constant));

  const builder = new TableBuilder(store, system, plan, indices, rho, half);
  const active = plan.terms.filter((t) => t.variables > 0);
  const weights = session.monomials(
    gamma,
    active.map((t) => ({
      exponent: t.constraint,
      coefficient: m31.mul(m31.fromInteger(t.coefficient), m31.mul(m31.pow(2, t.doublings), m31.halfPower(plan.rounds - t.variables))),
    })),
  );
  const terms = active.map((t, i): JoinedTerm => {
    const tables = builder.tablesOf(t);
    return { variables: t.variables, tables, weight: weights + i, total: session.sumProduct(tables.map((x) => x.current)) };
  });

  let previous: Scalar | null = null;
  for (let round = 0; round < plan.rounds; round++) {
    const size = 2 ** (plan.rounds - round);
    const joined = terms.filter((t) => t.variables >= plan.rounds - round);
    const tables = [...new Set(joined.flatMap((t) => t.tables))];
    const idle = terms
      .filter((t) => t.variables < plan.rounds - round)
      .map((t): IdleTerm => ({ total: t.total, weight: t.weight, factor: m31.pow(2, plan.rounds - t.variables - round - 1) }));
    const products = joined.map((t): ProductTerm => ({ tables: t.tables.map((x) => tables.indexOf(x)), weight: t.weight }));
    const message = session.productRound(
      size,
      tables.map((t) => t.current),
      products,
      idle,
      plan.degree,
      previous,
    );
    for (const table of tables) table.current = session.slice(table.current, 0, size);
    session.send(TAGS.constraintRound, [message]);
    session.free(message);
    previous = session.draw(1);
    challenges.push(previous);
    await tick(round + 1, plan.rounds);
  }
  if (previous !== null)
    session.bind(
      [...new Set(terms.flatMap((t) => t.tables))].map((t) => t.current),
      previous,
    );
  session.send(
    TAGS.leafEvaluations,
    plan.round.map((e) => session.slice(builder.boundLeaf(e), 0, 1)),
  );
  return [...constant, ...plan.round.map(claimOf)];
}

/** Makes and shares the terms' tables. */
class TableBuilder {
  readonly #store: ColumnStore;
  readonly #system: System;
  readonly #plan: ConstraintPlan;
  readonly #indices: PublicIndices;
  readonly #rho: Scalar;
  readonly #half: Scalar;
  readonly #tables = new Map<string, Table>();
  readonly #leaves = new Map<string, Table>();

  constructor(store: ColumnStore, system: System, plan: ConstraintPlan, indices: PublicIndices, rho: Scalar, half: Scalar) {
    this.#store = store;
    this.#system = system;
    this.#plan = plan;
    this.#indices = indices;
    this.#rho = rho;
    this.#half = half;
  }

  tablesOf(term: TermPlan): Table[] {
    const { session } = this.#store;
    // One table for the product of all equalities: at every point it is the product of its axes' factors.
    const point = term.equalities.flatMap((axis) =>
      Array.from({ length: this.#bits(axis) }, (_, i) => this.#rho + (this.#plan.rho.get(axis) ?? 0) + i),
    );
    const sizes = term.equalities.map((axis) => 2 ** this.#bits(axis));
    const equalities =
      point.length === 0 ? [] : [this.#table(`eq ${term.equalities.join()}`, term, term.equalities, sizes, () => session.eqTable(point))];
    const leaves = term.leaves.map((leaf) => {
      const key = evaluationKey(leaf.evaluation);
      const shape = this.#store.shape(leaf.evaluation.column);
      const source = () => this.#contract(this.#store.column(leaf.evaluation.column), shape, leaf.evaluation.coordinates);
      const table = this.#table(key, term, leaf.axes, shape, source);
      this.#leaves.set(key, table);
      return table;
    });
    const factors = term.factors.map(({ factor, coordinates }) => {
      const sizes = factor.axes.map((axis) => this.#system.axes[axis]?.size ?? 1);
      const source = () => {
        const cells = session.upload(factorCells(factor, sizes, this.#indices), 1);
        const table = this.#contract(cells, sizes, coordinates);
        session.free(cells);
        return table;
      };
      const names = coordinates.map((axis) => axis.map((c) => (c.from === "half" ? "h" : `${c.from}${c.index}`)).join(","));
      return this.#table(`${JSON.stringify(factor)} ${names.join(";")}`, term, factor.axes, sizes, source);
    });
    return [...equalities, ...leaves, ...factors];
  }

  /** The bound table of a leaf that was sent after the rounds. */
  boundLeaf(evaluation: Evaluation): Column {
    return (this.#leaves.get(evaluationKey(evaluation)) ?? missing(`leaf of column ${evaluation.column}`)).current;
  }

  /** Contracts all dimensions but those bound by rounds. */
  #contract(source: Column, shape: readonly number[], coordinates: readonly (readonly Coordinate[])[]): Column {
    const points = coordinates.map((axis) =>
      axis.some((c) => c.from === "round")
        ? null
        : resolve(
            axis,
            (i) => this.#rho + i,
            () => missing("round"),
            this.#half,
          ),
    );
    return this.#store.contract(source, shape, points);
  }

  /** The table of a part of a term over the term's joint variables, made once for equal keys and joint axes. */
  #table(key: string, term: TermPlan, axes: readonly AxisId[], shape: readonly number[], source: () => Column): Table {
    const full = `${key} on ${term.joint.join(",")}`;
    const known = this.#tables.get(full);
    if (known) return known;
    const kept = axes.flatMap((axis, d) => (term.joint.includes(axis) && this.#bits(axis) > 0 ? [{ axis, size: shape[d] ?? 1 }] : []));
    const dimensions = term.joint.map((axis) => {
      const index = kept.findIndex((k) => k.axis === axis);
      return { bits: this.#bits(axis), axis: index < 0 ? null : index };
    });
    const contracted = source();
    const current = this.#store.session.spread(
      contracted,
      kept.map((k) => k.size),
      dimensions,
    );
    this.#store.session.free(contracted);
    const table = { current };
    this.#tables.set(full, table);
    return table;
  }

  #bits(axis: AxisId): number {
    return bitsOf(this.#system.axes[axis]?.size ?? 1);
  }
}

function missing(what: string): never {
  throw new InternalError(`no ${what}`);
}
