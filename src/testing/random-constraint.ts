/** Random constraints on four small axes, and what their left side is by definition (SPEC §4.2). */
import fc from "fast-check";
import { factorCells } from "../system/factors.ts";
import { type AxisId, type ColumnId, type Constraint, cellsOf, type Factor, type System } from "../system/types.ts";

export type Cells = ReadonlyMap<ColumnId, Int32Array>;

/** The left side of a constraint on every cell of its free axes, by walking all indices. */
export function leftSide(system: System, constraint: Constraint, cells: Cells, scalar = 0): number[] {
  const sizes = system.axes.map((a) => a.size);
  const out = new Array<number>(cellsOf(constraint.free.map((a) => sizes[a]!))).fill(0);
  for (const t of constraint.terms) {
    const parts = [
      ...t.leaves.map((l) => ({ axes: l.axes, cells: cells.get(l.column) as ArrayLike<number> })),
      ...t.factors.map((f) => ({
        axes: f.axes as readonly AxisId[],
        cells: factorCells(
          f,
          f.axes.map((a) => sizes[a]!),
          () => [scalar],
        ) as ArrayLike<number>,
      })),
    ];
    const axes = [...new Set([...constraint.free, ...parts.flatMap((p) => [...p.axes])])];
    const place = (over: readonly AxisId[], index: readonly number[]) => over.reduce((n, a) => n * sizes[a]! + index[axes.indexOf(a)]!, 0);
    for (let i = 0; i < cellsOf(axes.map((a) => sizes[a]!)); i++) {
      let rest = i;
      const index = axes.map((a) => {
        const x = rest % sizes[a]!;
        rest = Math.floor(rest / sizes[a]!);
        return x;
      });
      out[place(constraint.free, index)]! += parts.reduce((p, part) => p * part.cells[place(part.axes, index)]!, t.coefficient);
    }
  }
  return out;
}

/** Sizes of the axes 0 .. 3. */
export const SIZES = [1, 2, 3, 2];
const axisSubset = fc.uniqueArray(fc.nat(3), { maxLength: 2 });
const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 6, maxLength: 6 });
const anyFactor: fc.Arbitrary<Factor> = fc.oneof(
  fc.nat(3).map((a): Factor => ({ kind: "ones", axes: [a] })),
  fc.nat(3).map((a): Factor => ({ kind: "at", axes: [a], index: 0 })),
  fc.integer({ min: 1, max: 3 }).map((a): Factor => ({ kind: "select", axes: [a], column: 0 })),
  fc.integer({ min: 1, max: 3 }).map((a): Factor => ({ kind: "below", axes: [a], column: 0 })),
  fc
    .tuple(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 }), fc.integer({ min: -1, max: 1 }))
    .map(([[a, b], offset]): Factor => ({ kind: "shift", axes: [a!, b!], offset })),
  fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 }).map(([a, b]): Factor => ({ kind: "causal", axes: [a!, b!] })),
  fc
    .tuple(
      fc.shuffledSubarray([0, 1, 2, 3], { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: -1, max: 1 }),
    )
    .map(([[o, k, i], stride, dilation, pad]): Factor => ({ kind: "window", axes: [o!, k!, i!], stride, dilation, pad })),
);
/** A leaf: a weight, or a witness column with a range; its cells repeat `values`. */
const anyLeaf = fc.record({ axes: axisSubset, weight: fc.boolean(), values, low: fc.integer({ min: -4, max: 2 }), size: fc.nat(4) });
const anyTerm = fc.record({
  coefficient: fc.integer({ min: -3, max: 3 }),
  leaves: fc.array(anyLeaf, { maxLength: 2 }),
  factors: fc.array(anyFactor, { maxLength: 2 }),
});

/** Free axes and terms; free axes that a term lacks are for the caller to add. `select` and `below` name column 0. */
export const anyConstraint = fc.record({ free: axisSubset, terms: fc.array(anyTerm, { minLength: 1, maxLength: 2 }) });

export type RandomLeaf = typeof anyLeaf extends fc.Arbitrary<infer T> ? T : never;

/** The integers of a leaf's column. */
export function leafCells(leaf: RandomLeaf): Int32Array {
  return Int32Array.from({ length: cellsOf(leaf.axes.map((a) => SIZES[a]!)) }, (_, i) => leaf.values[i % leaf.values.length]!);
}
