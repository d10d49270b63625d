import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toWords } from "../backend/columns.ts";
import { evaluateTensor } from "../poly/multilinear.ts";
import { bitsOf, type TableColumn } from "../system/types.ts";
import { anyPoint } from "../testing/arbitrary.ts";
import { evaluateTable, tableCells } from "./tables.ts";

const anyTable: fc.Arbitrary<{ column: TableColumn; size: number }> = fc.oneof(
  fc.record({
    column: fc.record({ kind: fc.constant("iota" as const), start: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }) }),
    size: fc.integer({ min: 1, max: 70 }),
  }),
  fc.record({ column: fc.constant({ kind: "relu" as const }), size: fc.integer({ min: 1, max: 6 }).map((bits) => 2 ** bits) }),
);

describe("evaluateTable()", () => {
  test("is the multilinear extension of the table's cells, 0 past its size", () => {
    fc.assert(
      fc.property(
        anyTable.chain((t) => fc.tuple(fc.constant(t), anyPoint(bitsOf(t.size)))),
        ([{ column, size }, point]) => {
          expect(evaluateTable(column, size, point)).toEqual(evaluateTensor(toWords(tableCells(column, size)), [size], point));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("tableCells()", () => {
  test("count from the start; a relu table clamps the lower half", () => {
    expect([...tableCells({ kind: "iota", start: -2 }, 5)]).toEqual([-2, -1, 0, 1, 2]);
    expect([...tableCells({ kind: "relu" }, 8)]).toEqual([0, 0, 0, 0, 0, 1, 2, 3]);
  });
});
