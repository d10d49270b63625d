import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateTensor } from "../poly/multilinear.ts";
import { anyPoint } from "../testing/arbitrary.ts";
import { determinedDimension, evaluateFactor, factorCells } from "./factors.ts";
import { bitsOf, type Factor } from "./types.ts";

const size = fc.integer({ min: 1, max: 9 });
const anyFactor: fc.Arbitrary<{ factor: Factor; sizes: number[]; indices: number[] }> = fc
  .tuple(size, size, size, fc.nat(), fc.integer({ min: -6, max: 6 }), fc.array(fc.nat(), { minLength: 9, maxLength: 9 }))
  .chain(([a, b, c, n, offset, each]) =>
    fc.constantFrom(
      { factor: { kind: "ones", axes: [0] } as Factor, sizes: [a], indices: [0] },
      { factor: { kind: "at", axes: [0], index: n % a } as Factor, sizes: [a], indices: [0] },
      { factor: { kind: "select", axes: [0], column: 7 } as Factor, sizes: [a], indices: [n % a] },
      { factor: { kind: "below", axes: [0], column: 7 } as Factor, sizes: [a], indices: [n % (a + 1)] },
      { factor: { kind: "shift", axes: [0, 1], offset } as Factor, sizes: [a, b], indices: [0] },
      { factor: { kind: "causal", axes: [0, 1] } as Factor, sizes: [a, b], indices: [0] },
      { factor: { kind: "selectEach", axes: [0, 1], column: 7 } as Factor, sizes: [a, b], indices: each.map((v) => v % (b + 1)) },
      { factor: { kind: "belowEach", axes: [0, 1], column: 7 } as Factor, sizes: [a, b], indices: each.map((v) => v % (b + 1)) },
      {
        factor: { kind: "window", axes: [0, 1, 2], stride: 1 + (n % 3), dilation: n % 4, pad: offset } as Factor,
        sizes: [a, b, c],
        indices: [0],
      },
    ),
  );

describe("evaluateFactor()", () => {
  test("is the multilinear extension of the factor's cells", () => {
    fc.assert(
      fc.property(
        anyFactor.chain((f) => fc.tuple(fc.constant(f), fc.tuple(...f.sizes.map((s) => anyPoint(bitsOf(s)))))),
        ([{ factor, sizes, indices }, points]) => {
          const read = (column: number) => (column === 7 ? indices : [-1]);
          expect(evaluateFactor(factor, sizes, points, read)).toEqual(
            evaluateTensor(factorCells(factor, sizes, read), sizes, points.flat()),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("factorCells()", () => {
  test.each<[string, Factor, number[], number[]]>([
    ["ones", { kind: "ones", axes: [0] }, [3], [1, 1, 1]],
    ["at", { kind: "at", axes: [0], index: 1 }, [3], [0, 1, 0]],
    ["select", { kind: "select", axes: [0], column: 0 }, [3], [0, 0, 1]],
    ["below", { kind: "below", axes: [0], column: 0 }, [3], [1, 1, 0]],
    ["shift", { kind: "shift", axes: [0, 1], offset: 1 }, [3, 2], [0, 1, 0, 0, 0, 0]],
    ["causal", { kind: "causal", axes: [0, 1] }, [2, 3], [1, 0, 0, 1, 1, 0]],
    ["selectEach", { kind: "selectEach", axes: [0, 1], column: 0 }, [3, 3], [0, 0, 1, 0, 0, 0, 1, 0, 0]],
    ["belowEach", { kind: "belowEach", axes: [0, 1], column: 0 }, [3, 3], [1, 1, 0, 1, 1, 1, 0, 0, 0]],
    ["window", { kind: "window", axes: [0, 1, 2], stride: 2, dilation: 1, pad: 1 }, [2, 2, 3], [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]],
  ])("%s", (_, factor, sizes, expected) => {
    expect([...factorCells(factor, sizes, () => [2, 3, 0])]).toEqual(expected);
  });
});

describe("determinedDimension()", () => {
  test("has at most one index for every choice of the others", () => {
    fc.assert(
      fc.property(anyFactor, ({ factor, sizes, indices }) => {
        const d = determinedDimension(factor);
        const cells = factorCells(factor, sizes, () => indices);
        const inner = sizes.slice((d ?? 0) + 1).reduce((n, s) => n * s, 1);
        const counts = new Map<number, number>();
        cells.forEach((cell, i) => {
          const others = Math.floor(i / inner / sizes[d ?? 0]!) * inner + (i % inner);
          counts.set(others, (counts.get(others) ?? 0) + cell);
        });
        if (d !== null) expect(Math.max(...counts.values())).toBeLessThanOrEqual(1);
        else expect(["ones", "below", "causal", "belowEach"]).toContain(factor.kind);
      }),
      { numRuns: 300 },
    );
  });
});
