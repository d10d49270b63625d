/** Bounds by Cauchy and Schwarz against the largest sums that rows of a bounded length reach (SPEC §4.5). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyConstraint, type Cells, leafCells, leftSide, SIZES } from "../testing/random-constraint.ts";
import { constraintInterval, type Length } from "./bounds.ts";
import { onesOn, SystemBuilder, term } from "./builder.ts";
import type { AxisId, ColumnId, ColumnSpec, Constraint, System, Term } from "./types.ts";

const MOST = 40;

interface Placed {
  readonly system: System;
  readonly constraint: Constraint;
  readonly cells: Cells;
  readonly weights: ReadonlyMap<ColumnId, Int32Array>;
  readonly lengths: ReadonlyMap<ColumnId, Length>;
}

/** Random constraints, in whose terms a weight is multiplied with a witness column that ends with one or two of its axes. */
const products = fc
  .tuple(anyConstraint, fc.shuffledSubarray([1, 2, 3], { minLength: 1 }), fc.nat(3), fc.integer({ min: 1, max: 2 }))
  .map(([{ free, terms }, axes, first, count]) => ({
    free,
    terms: terms.map(({ leaves, ...rest }) => {
      const row = axes.slice(-count);
      const [a = null, b = a] = leaves;
      if (a === null || b === null) return { ...rest, leaves };
      return {
        ...rest,
        leaves: [
          { ...a, axes, weight: true },
          { ...b, axes: row.includes(first) ? row : [first, ...row], weight: false },
        ],
      };
    }),
  }));

/** A random constraint in which every witness column has rows of a length up to 40: of its last dimension, weighted or not, or of its last two. */
const placed = fc
  .tuple(products, fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.boolean()), { minLength: 4, maxLength: 4 }))
  .map(([{ free, terms }, kinds]): Placed => {
    const columns: ColumnSpec[] = [];
    const cells = new Map<ColumnId, Int32Array>();
    const weights = new Map<ColumnId, Int32Array>();
    const lengths = new Map<ColumnId, Length>();
    const all = terms.map(({ coefficient, leaves, factors }): Term => {
      const made = leaves.map((leaf) => {
        const shape = leaf.axes.map((a) => SIZES[a]!);
        const own = leafCells(leaf);
        const range = leaf.weight ? ([Math.min(...own), Math.max(...own)] as const) : ([-MOST, MOST] as const);
        const column = columns.push({ name: "c", kind: leaf.weight ? "weight" : "witness", shape, range }) - 1;
        cells.set(column, leaf.weight ? own : own.map(() => 0));
        if (leaf.weight) weights.set(column, own);
        else if (shape.length > 0) {
          const [axes, isWeighted] = kinds[column % kinds.length]!;
          const by = Int32Array.from({ length: shape.at(-1)! }, (_, i) => 4 ** i);
          lengths.set(column, { most: MOST, axes: Math.min(axes, shape.length), ...(isWeighted && axes === 1 && { weights: by }) });
        }
        return { column, axes: leaf.axes };
      });
      const present = new Set<number>([...made.flatMap((l) => l.axes), ...factors.flatMap((f) => [...f.axes])]);
      return { coefficient, leaves: made, factors: [...factors, ...onesOn(free.filter((a) => !present.has(a)))] };
    });
    const constraint: Constraint = { name: "c", free, terms: all };
    return {
      system: { axes: SIZES.map((size) => ({ name: "a", size })), columns, constraints: [constraint], tables: [], lookups: [] },
      constraint,
      cells,
      weights,
      lengths,
    };
  });

/** Moves every row of a bounded column, one column after the other, to where it pushes a cell of the left side farthest: along that cell's slopes, as long as it may be. */
function pushed({ system, constraint, cells, lengths }: Placed, output: number, sign: number): number {
  const left = () => leftSide(system, constraint, cells)[output]!;
  for (const [id, values] of cells) {
    const length = lengths.get(id);
    if (system.columns[id]!.kind !== "witness") continue;
    values.fill(1);
    const slopes = Array.from(values, (_, i) => {
      const other = values.map((v, k) => (k === i ? 0 : v));
      const [one, zero] = [left(), leftSide(system, constraint, new Map([...cells, [id, other]]))[output]!];
      return sign * (one - zero);
    });
    const { shape } = system.columns[id]!;
    const count = length ? shape.slice(-(length.axes ?? 1)).reduce((n, s) => n * s, 1) : 1;
    for (let row = 0; row < values.length; row += count) {
      const own = slopes.slice(row, row + count);
      const by = (k: number) => length?.weights?.[k] ?? 1;
      const norm = Math.sqrt(own.reduce((sum, s, k) => sum + s ** 2 / by(k), 0));
      own.forEach((s, k) => {
        values[row + k] = norm === 0 ? 0 : Math.trunc((MOST * s) / by(k) / norm);
      });
    }
  }
  return left();
}

describe("a bound by lengths", () => {
  test("contains what rows of that length reach", () => {
    fc.assert(
      fc.property(placed, fc.nat(8), fc.constantFrom(1, -1), (made, cell, sign) => {
        const { system, constraint, cells, weights, lengths } = made;
        const [low, high] = constraintInterval(system, weights, constraint, lengths);
        const reached = pushed(made, cell % leftSide(system, constraint, cells).length, sign);
        expect(reached).toBeLessThanOrEqual(high);
        expect(reached).toBeGreaterThanOrEqual(low);
      }),
      { numRuns: 2000 },
    );
  });

  /** sum_c W_c y_sc under given factors: W is all 1, a row of y has three cells and a length of at most 10. */
  const interval = (factors: (s: AxisId, c: AxisId, one: AxisId) => Term["factors"], free: (s: AxisId) => AxisId[] = () => []) => {
    const b = new SystemBuilder();
    const [s, c, one] = [b.axis("s", 3), b.axis("c", 3), b.axis("one", 1)];
    const w = b.weight("w", [3], Int32Array.of(1, 1, 1));
    const y = b.witness("y", [3, 3], [-10, 10]);
    b.bounded(y, { most: 10 });
    const leaves = [
      { column: w, axes: [c] },
      { column: y, axes: [s, c] },
    ];
    b.constraint("c", free(s), [term(1, leaves, factors(s, c, one))]);
    const { system, weights, lengths } = b.build();
    return constraintInterval(system, weights, system.constraints.at(-1)!, lengths);
  };

  test("is that of the length where one row is taken", () => {
    const narrow = [-18, 18];
    expect(
      interval(
        () => [],
        (s) => [s],
      ),
    ).toEqual(narrow);
    expect(interval((s) => [{ kind: "at", axes: [s], index: 1 }])).toEqual(narrow);
  });

  test("is none where every cell may be of another row", () => {
    // the diagonal of y: three cells of 10
    for (const kind of ["shift", "causal"] as const) {
      const factor = (s: AxisId, c: AxisId): Term["factors"] =>
        kind === "shift"
          ? [{ kind, axes: [c, s], offset: 0 }]
          : [
              { kind, axes: [c, s] },
              { kind, axes: [s, c] },
            ];
      expect(interval(factor)[1]).toBeGreaterThanOrEqual(30);
    }
    expect(interval((s, c, one) => [{ kind: "window", axes: [c, one, s], stride: 1, dilation: 1, pad: 0 }])[1]).toBeGreaterThanOrEqual(30);
    expect(interval(() => [])[1]).toBe(90);
  });

  test("counts a weight twice that is there twice, in one object or two", () => {
    const b = new SystemBuilder();
    const c = b.axis("c", 2);
    const w = { column: b.weight("w", [2], Int32Array.of(3, 4)), axes: [c] };
    const y = b.witness("y", [2], [-10, 10]);
    b.bounded(y, { most: 10 });
    for (const other of [w, { ...w }]) b.constraint("c", [], [term(1, [w, other, { column: y, axes: [c] }])]);
    const { system, weights, lengths } = b.build();
    // 9 y_0 + 16 y_1 reaches 250 without the length and 183 with it
    for (const constraint of system.constraints.slice(-2))
      expect(constraintInterval(system, weights, constraint, lengths)[1]).toBeGreaterThanOrEqual(183);
  });
});
