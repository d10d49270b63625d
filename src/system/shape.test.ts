import { describe, expect, test } from "vitest";
import { wideToy } from "../testing/toy-wide.ts";
import { checkSystem } from "./shape.ts";
import type { Constraint, Factor, System, Term } from "./types.ts";

const { built, output } = wideToy();
const { system } = built;
const column = (name: string): number => system.columns.findIndex((c) => c.name === name);
const list = (name: "axes" | "columns" | "constraints" | "tables" | "lookups", index: number, change: object): System => ({
  ...system,
  [name]: (system[name] as readonly object[]).map((item, i) => (i === index ? { ...item, ...change } : item)),
});
const withTerm = (change: Partial<Term>): System => {
  const constraint: Constraint = { name: "bad", free: [], terms: [{ coefficient: 1, leaves: [], factors: [], ...change }] };
  return { ...system, constraints: [...system.constraints, constraint] };
};
const withFactor = (factor: Factor): System => withTerm({ factors: [factor] });
/** Eight axes after the system's own. */
const lastAxes = Array.from({ length: 8 }, (_, i) => system.axes.length + i);
const repeated = <T>(item: T, count: number): T[] => new Array<T>(count).fill(item);

describe("checkSystem()", () => {
  test("accepts a system", () => {
    expect(() => checkSystem(system)).not.toThrow();
    expect(() => checkSystem(withTerm({}))).not.toThrow();
  });

  test.each<[string, System]>([
    ["an axis of size 0", list("axes", 0, { size: 0 })],
    ["an axis of size 2^28 + 1", list("axes", 0, { size: 2 ** 28 + 1 })],
    ["a shape with a 0", list("columns", column("margin"), { shape: [0] })],
    ["a shape of too many cells", list("columns", column("margin"), { shape: [2 ** 15, 2 ** 14] })],
    ["a shape of nine axes", list("columns", column("margin"), { shape: repeated(1, 9) })],
    ["an empty range", list("columns", column("margin"), { range: [1, 0] })],
    [
      "more than 2^30 cells",
      { ...system, columns: [...system.columns, ...repeated({ name: "c", kind: "weight", shape: [2 ** 28], range: [0, 0] } as const, 5)] },
    ],
    [
      "more than 2^16 blocks",
      {
        ...system,
        columns: [...system.columns, ...repeated({ name: "c", kind: "weight", shape: repeated(7, 8), range: [0, 0] } as const, 10)],
      },
    ],
    ["more items than a key may have", { ...system, axes: repeated(system.axes[0]!, 2 ** 14 + 1) }],
    ["a free axis twice", list("constraints", 0, { free: [1, 1] })],
    ["a leaf of a missing column", withTerm({ leaves: [{ column: 10_000, axes: [] }] })],
    ["a leaf on a missing axis", withTerm({ leaves: [{ column: column("margin"), axes: [10_000] }] })],
    ["a leaf on an axis of another size", withTerm({ leaves: [{ column: column("margin"), axes: [0] }] })],
    ["a leaf with too few axes", withTerm({ leaves: [{ column: column("margin"), axes: [] }] })],
    ["a leaf with an axis twice", withTerm({ leaves: [{ column: column("a"), axes: [4, 4] }] })],
    ["four leaves", withTerm({ leaves: repeated({ column: output, axes: [] }, 4) })],
    ["a coefficient of 2^30", withTerm({ coefficient: -(2 ** 30) })],
    ["a factor on a missing axis", withFactor({ kind: "ones", axes: [10_000] })],
    ["a factor with an axis twice", withFactor({ kind: "shift", axes: [0, 0], offset: 1 })],
    ["an index past its axis", withFactor({ kind: "at", axes: [0], index: 7 })],
    ["a window of stride 0", withFactor({ kind: "window", axes: [0, 1, 2], stride: 0, dilation: 1, pad: 0 })],
    ["a selection by a column that is not public", withFactor({ kind: "select", axes: [0], column: column("margin") })],
    ["a selection for each cell by a public scalar", withFactor({ kind: "selectEach", axes: [0, 1], column: output })],
    ["a bound for each cell past its axis", withFactor({ kind: "belowEach", axes: [0, 1], column: column("x") })],
    ["a selection by a public column of cells", withFactor({ kind: "select", axes: [0], column: column("x") })],
    [
      "a selection past its axis",
      { ...withFactor({ kind: "select", axes: [system.axes.length], column: output }), axes: [...system.axes, { name: "two", size: 2 }] },
    ],
    [
      "a window that takes too long",
      {
        ...withFactor({ kind: "window", axes: [9, 10, 11], stride: 1, dilation: 1, pad: 0 }),
        axes: [...system.axes.slice(0, 9), ...repeated({ name: "long", size: 2 ** 12 }, 30)],
      },
    ],
    [
      "many factors that take too long together",
      {
        ...withTerm({}),
        axes: [...system.axes, ...repeated({ name: "long", size: 2 ** 17 }, 2)],
        constraints: repeated(
          {
            name: "shifts",
            free: [],
            terms: [
              { coefficient: 1, leaves: [], factors: [{ kind: "shift", axes: [system.axes.length, system.axes.length + 1], offset: 1 }] },
            ],
          },
          33,
        ),
      },
    ],
    ["seventeen factors in a term", withTerm({ factors: repeated({ kind: "ones", axes: [0] } as const, 17) })],
    [
      "more terms than a key may have",
      {
        ...system,
        constraints: [{ name: "bad", free: [], terms: repeated({ coefficient: 1, leaves: [], factors: [] }, 2 ** 16 + 1) }],
      },
    ],
    [
      "public columns larger than any input",
      { ...system, columns: [...system.columns, { name: "c", kind: "public", shape: [2 ** 21], range: [0, 0] }] },
    ],
    [
      "claims on more blocks than a verifier visits",
      {
        ...system,
        axes: [...system.axes, ...repeated({ name: "three", size: 3 }, 8)],
        columns: [...system.columns, { name: "c", kind: "weight", shape: repeated(3, 8), range: [0, 0] }],
        constraints: [
          {
            name: "sums",
            free: [],
            terms: repeated({ coefficient: 1, leaves: [{ column: system.columns.length, axes: lastAxes }], factors: [] }, 2 ** 12),
          },
        ],
      },
    ],
    [
      "a free axis that a term lacks",
      { ...system, constraints: [{ name: "bad", free: [0], terms: [{ coefficient: 1, leaves: [], factors: [] }] }] },
    ],
    ["multiplicities that are public", list("tables", 0, { multiplicity: column("x") })],
    ["multiplicities of another length", list("tables", 0, { multiplicity: column("margin") })],
    [
      "multiplicities of two tables at once",
      list("tables", 1, {
        size: system.tables[0]!.size,
        multiplicity: system.tables[0]!.multiplicity,
        columns: [
          { kind: "iota", start: 0 },
          { kind: "iota", start: 0 },
        ],
      }),
    ],
    ["a table without columns", list("tables", 0, { columns: [] })],
    ["a table of a witness column", list("tables", 0, { columns: [{ kind: "column", column: system.tables[0]!.multiplicity }] })],
    ["a relu table of odd size", list("tables", 0, { columns: [{ kind: "relu" }] })],
    ["a look-up in no table", list("lookups", 0, { table: 10_000 })],
    ["a look-up of too few columns", list("lookups", 0, { columns: [column("conv")] })],
    ["a look-up of two shapes", list("lookups", 0, { columns: [column("conv"), column("s")] })],
    ["a look-up of a missing column", list("lookups", 0, { columns: [column("conv"), 10_000] })],
  ])("refuses %s", (_, bad) => {
    expect(() => checkSystem(bad)).toThrow(SyntaxError);
  });
});
