/**
 * Random constraints, proven: whatever the free axes, leaves and factors, a witness that satisfies them is accepted and one that is off by one cell is not. This
 * meets what named networks may not: axes of size 1, sums over one leaf alone, terms without leaves, terms of any number of variables together.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toWords } from "../backend/columns.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { fillDerived } from "../model/witness.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { FORMAT_VERSION } from "../proof/key.ts";
import { proveSystem } from "../prover/prove.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { constraintInterval } from "../system/bounds.ts";
import { onesOn, SystemBuilder, term } from "../system/builder.ts";
import { bitsOf, type ColumnId, type Constraint, type System, type Term } from "../system/types.ts";
import { anyConstraint, leafCells, leftSide, SIZES } from "../testing/random-constraint.ts";
import { commitWeights } from "../testing/toy-proof.ts";
import { rejectionOf } from "../testing/walker.ts";
import { planConstraints } from "./plan.ts";

const INPUT = Int32Array.of(4, -5, 3);
const PUBLIC_AXIS = 2;
type Spec = typeof anyConstraint extends fc.Arbitrary<infer T> ? T : never;

/** All constraints over columns of their own, each made true by a witness column that holds its left side. */
function build(specs: readonly Spec[], output: number) {
  const b = new SystemBuilder();
  SIZES.forEach((size, i) => {
    b.axis(`axis ${i}`, size);
  });
  const x = b.publicColumn("x", [INPUT.length], [-5, 5]);
  const out = b.publicColumn("output", [], [0, 1]);
  const columns = new Map<ColumnId, Int32Array>([
    [x, INPUT],
    [out, Int32Array.of(output)],
  ]);
  const results: ColumnId[] = [];
  specs.forEach(({ free, terms }, n) => {
    const made = terms.map(({ coefficient, leaves, factors }, t): Term => {
      const placed = leaves.map((leaf, l) => {
        const name = `column ${n} ${t} ${l}`;
        const shape = leaf.axes.map((a) => SIZES[a]!);
        if (leaf.axes.length === 1 && leaf.axes[0] === PUBLIC_AXIS && !leaf.weight) return { column: x, axes: leaf.axes };
        const column = leaf.weight ? b.weight(name, shape, leafCells(leaf)) : b.witness(name, shape, [-5, 5]);
        columns.set(column, leafCells(leaf));
        return { column, axes: leaf.axes };
      });
      const own = factors.map((f) => ("column" in f ? { ...f, column: out } : f));
      const present = new Set<number>([...placed.flatMap((l) => l.axes), ...own.flatMap((f) => [...f.axes])]);
      return { coefficient, leaves: placed, factors: [...own, ...onesOn(free.filter((a) => !present.has(a)))] };
    });
    const constraint: Constraint = { name: `constraint ${n}`, free, terms: made };
    const known = Array.from({ length: Math.max(...columns.keys()) + 1 }, (_, id) => b.columnOf(id));
    const system: System = { axes: SIZES.map((size) => ({ name: "", size })), columns: known, constraints: [], tables: [], lookups: [] };
    const [low, high] = constraintInterval(system, new Map(), constraint);
    const half = 2 ** bitsOf(Math.max(-low, high) + 2);
    const result = b.witness(
      `result ${n}`,
      free.map((a) => SIZES[a]!),
      [-half, half - 1],
    );
    columns.set(result, Int32Array.from(leftSide(system, constraint, columns, output)));
    results.push(result);
    b.constraint(constraint.name, free, [...made, term(-1, [{ column: result, axes: free }])]);
  });
  return { built: b.build(), columns, x, out, results };
}

/** The code of a proof's rejection, null if it is accepted; with `off`, one cell of one result is off by one. */
async function outcome({ built, columns, x, out, results }: ReturnType<typeof build>, off: number | null) {
  const parameters = {
    regime: "unique-decoding",
    rowBits: 3,
    blowup: 1,
    folds: [1],
    finalBits: 2,
    queries: 3,
    grinding: { lookup: 0, fold: 0, query: 0 },
  } as const;
  const words = (id: ColumnId) => toWords(built.weights.get(id) ?? new Int32Array());
  const base: VerifyingKey = {
    version: FORMAT_VERSION,
    suite: "poseidon2-m31",
    name: "random",
    parameters,
    system: built.system,
    input: { kind: "tensor", shape: [INPUT.length], exponent: 0, range: [-5, 5] },
    inputColumn: x,
    output: { labels: ["0", "1"] },
    outputColumn: out,
    weightRoot: new Uint32Array(8),
  };
  const { key, weights } = await commitWeights(base, words);
  const witness = new Map(columns);
  if (off !== null) {
    const id = results[off % results.length]!;
    const values = witness.get(id)!;
    witness.set(id, values.with(off % values.length, values[off % values.length]! + (off % 2 === 0 ? 1 : -1)));
  }
  fillDerived(built, witness);
  const assignment = {
    input: tensorBytes(INPUT),
    output: columns.get(out)![0]!,
    witness: (id: ColumnId) => toWords(witness.get(id) ?? new Int32Array()),
  };
  return rejectionOf(key, await proveSystem(key, weights, assignment, { backend: referenceBackend() }));
}

const isPlanned = (specs: readonly Spec[]): boolean => {
  try {
    planConstraints(build(specs, 0).built.system);
    return true;
  } catch {
    return false; // of too high a degree
  }
};

describe("random constraints", () => {
  test("that hold are accepted, and not if one cell is off by one", async () => {
    const specs = fc.array(anyConstraint, { minLength: 1, maxLength: 4 }).filter(isPlanned);
    await fc.assert(
      fc.asyncProperty(specs, fc.nat(1), fc.nat(), async (list, output, off) => {
        const made = build(list, output);
        expect(await outcome(made, null)).toBeNull();
        expect(await outcome(made, off)).toBe("constraint/final");
      }),
      { numRuns: 40 },
    );
  });
});
