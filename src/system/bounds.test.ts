import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelError } from "../errors.ts";
import { P } from "../field/m31.ts";
import { anyConstraint, type Cells, leafCells, leftSide, SIZES } from "../testing/random-constraint.ts";
import { checkNoWrap, checkRanges, constraintInterval } from "./bounds.ts";
import { onesOn, SystemBuilder, term } from "./builder.ts";
import type { AxisId, ColumnId, ColumnSpec, Constraint, System, Term } from "./types.ts";

/** Pushes one cell of the left side up (sign 1) or down (-1) by choosing each witness cell at an end of its range, three times over. */
function extreme(system: System, constraint: Constraint, cells: Cells, output: number, sign: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let sweep = 0; sweep < 3; sweep++) {
    for (const [id, values] of cells) {
      const { kind, range } = system.columns[id]!;
      for (let i = 0; kind === "witness" && i < values.length; i++) {
        const [a, b] = range.map((v) => {
          values[i] = v;
          return sign * leftSide(system, constraint, cells)[output]!;
        });
        values[i] = range[a! > b! ? 0 : 1];
        best = Math.max(a!, b!);
      }
    }
  }
  return sign * (best === Number.NEGATIVE_INFINITY ? sign * leftSide(system, constraint, cells)[output]! : best);
}

const placed = anyConstraint.map(({ free, terms }) => {
  const columns: ColumnSpec[] = [];
  const cells = new Map<ColumnId, Int32Array>();
  const weights = new Map<ColumnId, Int32Array>();
  const all = terms.map(({ coefficient, leaves, factors }): Term => {
    const made = leaves.map((leaf) => {
      const shape = leaf.axes.map((a) => SIZES[a]!);
      const own = leafCells(leaf);
      const range = leaf.weight ? ([Math.min(...own), Math.max(...own)] as const) : ([leaf.low, leaf.low + leaf.size] as const);
      const column = columns.push({ name: "c", kind: leaf.weight ? "weight" : "witness", shape, range }) - 1;
      cells.set(column, own);
      if (leaf.weight) weights.set(column, own);
      return { column, axes: leaf.axes };
    });
    const present = new Set<number>([...made.flatMap((l) => l.axes), ...factors.flatMap((f) => [...f.axes])]);
    return { coefficient, leaves: made, factors: [...factors, ...onesOn(free.filter((a) => !present.has(a)))] };
  });
  const constraint: Constraint = { name: "c", free, terms: all };
  const system: System = { axes: SIZES.map((size) => ({ name: "a", size })), columns, constraints: [constraint], tables: [], lookups: [] };
  return { system, constraint, cells, weights };
});

describe("constraintInterval()", () => {
  test("contains the extremes that a search over the witness finds", () => {
    fc.assert(
      fc.property(placed, fc.nat(8), ({ system, constraint, cells, weights }, cell) => {
        const output = cell % leftSide(system, constraint, cells).length;
        const [low, high] = constraintInterval(system, weights, constraint);
        expect(extreme(system, constraint, cells, output, 1)).toBeLessThanOrEqual(high);
        expect(extreme(system, constraint, cells, output, -1)).toBeGreaterThanOrEqual(low);
      }),
      { numRuns: 400 },
    );
  });

  test("is exact for a matrix product", () => {
    const b = new SystemBuilder();
    const [i, j] = [b.axis("i", 3), b.axis("j", 2)];
    const w = b.weight("w", [3, 2], Int32Array.of(1, -2, 3, 4, -5, 6));
    const x = b.witness("x", [3], [-1, 2]);
    b.constraint(
      "product",
      [j],
      [
        term(2, [
          { column: w, axes: [i, j] },
          { column: x, axes: [i] },
        ]),
      ],
    );
    const { system, weights } = b.build();
    // column 0: 1, 3, -5; column 1: -2, 4, 6
    expect(constraintInterval(system, weights, system.constraints.at(-1)!)).toEqual([
      2 * Math.min(-1 - 3 - 10, -4 - 4 - 6),
      2 * Math.max(2 + 6 + 5, 2 + 8 + 12),
    ]);
  });

  test("counts a weight on an axis that a window determines from a summed one at its best index for each", () => {
    // sum over k, i of W[k, i] x[i] [i = k]: the diagonal, 300, although every column i of W alone reaches at most 100
    const b = new SystemBuilder();
    const [o, k, i] = [b.axis("o", 1), b.axis("k", 3), b.axis("i", 3)];
    const w = b.weight(
      "w",
      [3, 3],
      Int32Array.from({ length: 9 }, (_, n) => (n % 4 === 0 ? 100 : -100)),
    );
    const x = b.witness("x", [3], [0, 1]);
    b.constraint(
      "diagonal",
      [o],
      [
        term(
          1,
          [
            { column: w, axes: [k, i] },
            { column: x, axes: [i] },
          ],
          [{ kind: "window", axes: [o, k, i], stride: 1, dilation: 1, pad: 0 }],
        ),
      ],
    );
    const { system, weights } = b.build();
    expect(constraintInterval(system, weights, system.constraints.at(-1)!)[1]).toBeGreaterThanOrEqual(300);
  });

  test("counts a square as never negative", () => {
    const b = new SystemBuilder();
    const i = b.axis("i", 4);
    const x = b.witness("x", [4], [-3, 2]);
    const leaf = { column: x, axes: [i] };
    b.constraint("squares", [], [term(1, [leaf, leaf])]);
    b.constraint("cubes", [], [term(1, [leaf, leaf, leaf])]);
    const { system } = b.build();
    expect(constraintInterval(system, new Map(), system.constraints[0]!)).toEqual([0, 36]);
    expect(constraintInterval(system, new Map(), system.constraints[1]!)).toEqual([-108, 72]);
  });

  test("refuses what doubles cannot bound exactly", () => {
    const b = new SystemBuilder();
    const big = ["a", "b", "c"].map((name) => b.publicColumn(name, [], [2 ** 30, 2 ** 30]));
    b.constraint(
      "huge",
      [],
      [
        term(
          1,
          big.map((column) => ({ column, axes: [] })),
        ),
      ],
    );
    expect(() => checkNoWrap(b.build().system, new Map())).toThrow(ModelError);
  });
});

describe("checkNoWrap()", () => {
  const system = (weight: number) => {
    const b = new SystemBuilder();
    const x = b.publicColumn("x", [], [0, 2]);
    const w = b.weight("w", [], Int32Array.of(weight));
    b.constraint(
      "c",
      [],
      [
        term(2, [
          { column: x, axes: [] },
          { column: w, axes: [] },
        ]),
        term(-1, [], []),
      ],
    );
    return b.build();
  };

  test("refuses a left side that reaches p and accepts one that stays below", () => {
    const largest = 2 ** 29; // 4 w - 1 = p for w = 2^29
    expect(4 * largest - 1).toBe(P);
    expect(() => checkNoWrap(system(largest).system, system(largest).weights)).toThrow(/Constraint c can wrap/);
    expect(() => checkNoWrap(system(largest - 1).system, system(largest - 1).weights)).not.toThrow();
    expect(() => checkNoWrap(system(-largest + 1).system, system(-largest + 1).weights)).not.toThrow();
    expect(() => checkNoWrap(system(-largest).system, system(-largest).weights)).toThrow(ModelError);
  });
});

describe("checkRanges()", () => {
  const witness = (range: readonly [number, number]): ColumnSpec => ({ name: "free", kind: "witness", shape: [2], range });
  const list = (size: number): ColumnSpec => ({ name: "m", kind: "witness", shape: [size], range: [0, 0] });
  const looked = (range: readonly [number, number], start: number, size: number): System => ({
    axes: [],
    columns: [witness(range), list(size)],
    constraints: [],
    tables: [{ name: "t", size, columns: [{ kind: "iota", start }], multiplicity: 1 }],
    lookups: [{ name: "l", table: 0, columns: [0] }],
  });

  test("refuses a column that nothing bounds", () => {
    expect(() => checkRanges({ axes: [], columns: [witness([0, 3])], constraints: [], tables: [], lookups: [] })).toThrow(
      "Nothing forces the range of column free",
    );
  });

  test.each(["incoming", "outgoing"] as const)("refuses an %s column that nothing bounds, and what it alone would bound", (kind) => {
    const free = { ...looked([0, 3], 0, 4), axes: [{ name: "a", size: 2 }] };
    const columns = [witness([0, 3]), list(4), { ...witness([0, 3]), name: "boundary", kind }, { ...witness([0, 3]), name: "copy" }];
    const equal = (a: ColumnId, b: ColumnId): Constraint => ({
      name: "c",
      free: [0],
      terms: [a, b].map((column, k) => ({ coefficient: 1 - 2 * k, leaves: [{ column, axes: [0] }], factors: [] })),
    });
    expect(() => checkRanges({ ...free, columns: columns.slice(0, 3) })).toThrow("Nothing forces the range of column boundary");
    expect(() => checkRanges({ ...free, columns, constraints: [equal(2, 3)] })).toThrow("Nothing forces the range of column boundary");
    expect(() => checkRanges({ ...free, columns, constraints: [equal(2, 3), equal(0, 2)] })).not.toThrow();
  });

  test("refuses a look-up in a table that is wider than the range", () => {
    expect(() => checkRanges(looked([0, 3], 0, 4))).not.toThrow();
    expect(() => checkRanges(looked([0, 3], 0, 5))).toThrow("Nothing forces");
    expect(() => checkRanges(looked([0, 3], -1, 4))).toThrow("Nothing forces");
  });

  test("refuses multiplicities in constraints or look-ups", () => {
    const base = looked([0, 3], 0, 4);
    const constraint: Constraint = { name: "c", free: [], terms: [{ coefficient: 1, leaves: [{ column: 1, axes: [0] }], factors: [] }] };
    expect(() => checkRanges({ ...base, axes: [{ name: "a", size: 4 }], constraints: [constraint] })).toThrow("holds multiplicities");
    expect(() => checkRanges({ ...base, lookups: [...base.lookups, { name: "l2", table: 0, columns: [1] }] })).toThrow(
      "holds multiplicities",
    );
  });

  describe("a column that a constraint defines", () => {
    const defined = (own: Partial<Term>, free: readonly AxisId[], range: readonly [number, number] = [0, 6]): System => ({
      ...looked([0, 3], 0, 4),
      axes: [
        { name: "a", size: 2 },
        { name: "b", size: 2 },
      ],
      columns: [witness([0, 3]), list(4), { ...witness(range), name: "sum" }],
      constraints: [
        {
          name: "c",
          free,
          terms: [
            { coefficient: -1, leaves: [{ column: 2, axes: [0] }], factors: [], ...own },
            { coefficient: 2, leaves: [{ column: 0, axes: [0] }], factors: [] },
          ],
        },
      ],
    });

    test("is bounded if its range holds the expression", () => {
      expect(() => checkRanges(defined({}, [0]))).not.toThrow();
      expect(() => checkRanges(defined({ coefficient: 1 }, [0], [-6, 0]))).not.toThrow();
    });

    test("is bounded over a long chain of definitions, the last one first, before anyone waits", () => {
      const length = 2 ** 14 - 2;
      const columns = [witness([0, 3]), list(4), ...Array.from({ length }, () => witness([0, 3]))];
      const step = (column: number): Term[] => [
        { coefficient: 1, leaves: [{ column, axes: [0] }], factors: [] },
        { coefficient: -1, leaves: [{ column: column === columns.length - 1 ? 0 : column + 1, axes: [0] }], factors: [] },
      ];
      const constraints = Array.from({ length }, (_, i): Constraint => ({ name: "c", free: [0], terms: step(i + 2) }));
      const start = performance.now();
      expect(() => checkRanges({ ...looked([0, 3], 0, 4), axes: [{ name: "a", size: 2 }], columns, constraints })).not.toThrow();
      expect(performance.now() - start).toBeLessThan(5000); // pass after pass over all constraints takes 18 s
    });

    test.each([
      ["too narrow a range", defined({}, [0], [0, 5])],
      ["the other sign", defined({ coefficient: 1 }, [0])],
      ["a coefficient other than one", defined({ coefficient: -2 }, [0])],
      ["a sum over the column", defined({}, [])],
      ["a factor that may vanish", defined({ factors: [{ kind: "at", axes: [0], index: 0 }] }, [0])],
      [
        "itself on both sides",
        defined(
          {
            leaves: [
              { column: 2, axes: [0] },
              { column: 2, axes: [0] },
            ],
          },
          [0],
        ),
      ],
    ])("is refused with %s", (_, system) => {
      expect(() => checkRanges(system)).toThrow("Nothing forces the range of column sum");
    });
  });
});
