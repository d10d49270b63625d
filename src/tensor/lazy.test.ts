import { describe, expect, test } from "vitest";
import { LazyTensor, rowsOf, transposedColumns, withRows } from "./lazy.ts";
import { floatTensor } from "./tensor.ts";

const matrix = floatTensor(
  [4, 3],
  Array.from({ length: 12 }, (_, i) => i),
);
const reads: [number, number][] = [];
const lazy = new LazyTensor(matrix.shape, (from, count) => {
  reads.push([from, count]);
  return rowsOf(matrix, from, count);
});

describe("LazyTensor", () => {
  test("reads at every access, all or the rows that are asked for", () => {
    reads.length = 0;
    expect([...lazy.data]).toEqual([...matrix.data]);
    expect([...rowsOf(lazy, 1, 2)]).toEqual([3, 4, 5, 6, 7, 8]);
    expect(reads).toEqual([
      [0, 4],
      [1, 2],
    ]);
    expect(() => lazy.rows(3, 2)).toThrow("No rows 3 to 5");
  });

  test("withRows() takes rows of another, and reads only what lies between them", () => {
    const reordered = withRows(lazy, Int32Array.of(2, 0, 1, 3));
    expect([...reordered.data]).toEqual([6, 7, 8, 0, 1, 2, 3, 4, 5, 9, 10, 11]);
    reads.length = 0;
    expect([...reordered.rows(1, 2)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(reads).toEqual([[0, 2]]);
    expect([...withRows(floatTensor([3], [5, 6, 7]), Int32Array.of(1, 2)).data]).toEqual([6, 7]);
  });

  test("transposedColumns() transposes a part", () => {
    const part = transposedColumns(matrix, 1, 2);
    expect(part.shape).toEqual([2, 4]);
    expect([...part.data]).toEqual([1, 4, 7, 10, 2, 5, 8, 11]);
    expect([...part.rows(1, 1)]).toEqual([2, 5, 8, 11]);
  });
});
