/**
 * The definition of "this witness satisfies this system" (SPEC §4), evaluated cell by cell in integers: slow, for tests. Every constraint is the sum over its terms'
 * summed axes; every looked-up row is searched in its table, and multiplicities are compared with a count.
 */
import type { BuiltSystem } from "../system/builder.ts";
import { factorCells } from "../system/factors.ts";
import { type AxisId, type ColumnId, type Constraint, cellsOf, type System, type Term } from "../system/types.ts";

/** The first violated rule, in words, or null. `columns` holds every witness and public column. */
export function firstViolation(built: BuiltSystem, columns: ReadonlyMap<ColumnId, Int32Array>): string | null {
  const { system } = built;
  const cells = (id: ColumnId): Int32Array => {
    const values = columns.get(id) ?? built.weights.get(id);
    if (!values) throw new Error(`no values for column ${id}, ${system.columns[id]?.name}`);
    return values;
  };
  for (const [id, spec] of system.columns.entries()) {
    const values = cells(id);
    if (values.length !== cellsOf(spec.shape)) return `column ${spec.name} has ${values.length} cells`;
    if (spec.kind === "public" && values.some((v) => v < spec.range[0] || v > spec.range[1]))
      return `public column ${spec.name} leaves its range`;
  }
  return firstBadConstraint(system, cells) ?? firstBadLookup(system, cells);
}

type Cells = (id: ColumnId) => Int32Array;

function firstBadConstraint(system: System, cells: Cells): string | null {
  for (const constraint of system.constraints) {
    const shape = constraint.free.map((a) => sizeOf(system, a));
    const total = new Float64Array(cellsOf(shape));
    for (const term of constraint.terms) addTerm(system, cells, constraint, term, total);
    const bad = total.findIndex((v) => v !== 0);
    if (bad >= 0) return `constraint ${constraint.name} is ${total[bad]} in cell ${bad}`;
  }
  return null;
}

/** Adds the values of a term, a tensor over the free axes. Axes are walked depth first; a partial product of 0 cuts the walk. */
function addTerm(system: System, cells: Cells, constraint: Constraint, term: Term, total: Float64Array): void {
  const tensors = [
    ...term.leaves.map((leaf) => ({ axes: leaf.axes, data: cells(leaf.column) as ArrayLike<number> })),
    ...term.factors.map((factor) => ({
      axes: factor.axes as readonly AxisId[],
      data: factorCells(
        factor,
        factor.axes.map((a) => sizeOf(system, a)),
        cells,
      ) as ArrayLike<number>,
    })),
  ];
  const present = new Set(tensors.flatMap((t) => t.axes));
  // Narrow factors first: axes in the order of the factors' last, so that zeros show early.
  const order = [...constraint.free, ...[...present].filter((a) => !constraint.free.includes(a))];
  const outStride = strides(constraint.free, system);
  const tensorStrides = tensors.map((t) => strides(t.axes, system));
  const readyAt = order.map((_, depth) =>
    tensors.flatMap((t, k) => (t.axes.length > 0 && Math.max(...t.axes.map((a) => order.indexOf(a))) === depth ? [k] : [])),
  );
  const scalar = tensors.reduce((p, t) => (t.axes.length === 0 ? p * t.data[0]! : p), term.coefficient);
  const offsets = tensors.map(() => 0);
  const walk = (depth: number, product: number, out: number): void => {
    const axis = order[depth];
    if (axis === undefined) {
      total[out] = total[out]! + product;
      return;
    }
    const steps = tensorStrides.map((s) => s.get(axis) ?? 0);
    const size = sizeOf(system, axis);
    for (let i = 0; i < size; i++) {
      let next = product;
      for (const k of readyAt[depth]!) next *= tensors[k]!.data[offsets[k]!]!;
      if (next !== 0) walk(depth + 1, next, out + i * (outStride.get(axis) ?? 0));
      for (let k = 0; k < steps.length; k++) offsets[k] = offsets[k]! + steps[k]!;
    }
    for (let k = 0; k < steps.length; k++) offsets[k] = offsets[k]! - size * steps[k]!;
  };
  if (scalar !== 0) walk(0, scalar, 0);
}

function firstBadLookup(system: System, cells: Cells): string | null {
  const counts = system.tables.map((t) => new Int32Array(t.size));
  const rows = system.tables.map((table) => {
    const index = new Map<string, number>();
    for (let i = 0; i < table.size; i++) {
      const [first] = table.columns;
      const start = first?.kind === "iota" ? first.start : 0;
      const row = table.columns.map((c) =>
        c.kind === "iota" ? c.start + i : c.kind === "relu" ? Math.max(0, start + i) : cells(c.column)[i]!,
      );
      index.set(row.join(), i);
    }
    return index;
  });
  for (const lookup of system.lookups) {
    const looked = lookup.columns.map(cells);
    for (let i = 0; i < looked[0]!.length; i++) {
      const key = looked.map((v) => v[i]).join();
      const row = rows[lookup.table]!.get(key);
      if (row === undefined) return `look-up ${lookup.name} has row [${key}] in cell ${i}, which is not in its table`;
      counts[lookup.table]![row]!++;
    }
  }
  for (const [t, table] of system.tables.entries()) {
    const multiplicities = cells(table.multiplicity);
    if (counts[t]!.some((c, i) => c !== multiplicities[i])) return `multiplicities of ${table.name} do not count its look-ups`;
  }
  return null;
}

function strides(axes: readonly AxisId[], system: System): Map<AxisId, number> {
  const result = new Map<AxisId, number>();
  let stride = 1;
  for (const axis of [...axes].reverse()) {
    result.set(axis, stride);
    stride *= sizeOf(system, axis);
  }
  return result;
}

function sizeOf(system: System, axis: AxisId): number {
  return system.axes[axis]?.size ?? 1;
}
