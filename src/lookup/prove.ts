/** Proves the look-up tree (SPEC §6): builds the layers from the leaves, then reduces from the root down. Sends what `reduceLookups` receives. */
import type { Column, Scalar, Session } from "../backend/backend.ts";
import { type ColumnStore, toWords } from "../backend/columns.ts";
import { InternalError } from "../errors.ts";
import type { Claim } from "../pcs/claim.ts";
import type { Tick } from "../pcs/prove-commit.ts";
import { bitsOf, type System } from "../system/types.ts";
import { TAGS } from "../transcript/tags.ts";
import type { LookupPlan } from "./plan.ts";
import { tableCells } from "./tables.ts";

interface Layer {
  readonly numerators: Column;
  readonly denominators: Column;
}

/** Proves all look-ups; returns the claims in the order of their values. Ticks after every layer. */
export async function proveLookups(
  store: ColumnStore,
  system: System,
  plan: LookupPlan,
  grinding: number,
  tick: Tick,
): Promise<Claim<Scalar>[]> {
  const { session } = store;
  session.grind(grinding);
  const alpha = session.draw(2);
  const layers = buildLayers(store, plan, alpha, alpha + 1);

  let point: Scalar[] = [];
  for (const [i, layer] of layers.entries()) {
    point = proveLayer(session, layer, point);
    await tick(i + 1, layers.length);
  }

  const claims = plan.evaluations.map(({ column, bits }): Claim<Scalar> => {
    const local = point.slice(point.length - bits);
    let next = 0;
    const dimensions = (system.columns[column]?.shape ?? []).map((size) => {
      const axis = local.slice(next, next + bitsOf(size));
      next += axis.length;
      return axis;
    });
    return { column, point: dimensions };
  });
  session.send(TAGS.lookupEvaluations, store.evaluate(claims));
  return claims;
}

/** Layers 1 .. n, the leaf layer last. */
function buildLayers(store: ColumnStore, plan: LookupPlan, alpha: Scalar, beta: Scalar): Layer[] {
  const { session } = store;
  const instances = plan.instances.map((instance) => ({
    offset: instance.offset,
    shape: instance.shape,
    table: instance.number,
    columns: instance.columns.map((c) =>
      c.kind === "column" ? store.column(c.column) : session.upload(toWords(tableCells(c, instance.shape[0] ?? 1)), 1),
    ),
    multiplicity: instance.multiplicity === null ? null : store.column(instance.multiplicity),
  }));
  const layers: Layer[] = [session.fractions(plan.bits, instances, alpha, beta)];
  for (let d = plan.bits; d > 1; d--) {
    const below = layers[0];
    if (!below) throw new InternalError("no leaf layer");
    layers.unshift(session.addFractions(below.numerators, below.denominators));
  }
  return layers;
}

/** Reduces a claim on the layer above at `point` to one on this layer at the returned point. Consumes the layer. */
function proveLayer(session: Session, layer: Layer, point: readonly Scalar[]): Scalar[] {
  let size = layer.numerators.length / 2;
  const half = (column: Column, side: 0 | 1) => session.slice(column, side * size, size);
  let tables: [Column, Column, Column, Column] = [
    half(layer.numerators, 0),
    half(layer.numerators, 1),
    half(layer.denominators, 0),
    half(layer.denominators, 1),
  ];
  const challenges: Scalar[] = [];
  if (point.length > 0) {
    const lambda = session.draw(1);
    const equality = session.eqTable(point.slice(1));
    let eq = equality;
    let previous: Scalar | null = null;
    for (let round = 0; round < point.length; round++) {
      const message = session.fractionRound(tables, eq, lambda, previous);
      if (previous !== null) {
        size /= 2;
        tables = tables.map((t) => session.slice(t, 0, size)) as typeof tables;
        eq = session.slice(eq, 0, Math.max(1, size / 2));
      }
      session.send(TAGS.lookupRound, [message]);
      session.free(message);
      previous = session.draw(1);
      challenges.push(previous);
    }
    if (previous !== null) session.bind(tables, previous);
    session.free(equality);
  }
  session.send(
    TAGS.lookupValues,
    tables.map((t) => session.slice(t, 0, 1)),
  );
  session.free(layer.numerators);
  session.free(layer.denominators);
  return [session.draw(1), ...challenges];
}
