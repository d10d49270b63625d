import { describe, expect, test } from "vitest";
import { floatTensor } from "../../tensor/tensor.ts";
import { interleavedRows } from "./interleave.ts";

const [HEADS, WIDTH] = [2, 6];
const frequency = (p: number) => 100 ** (-p / (WIDTH / 2));
const vector = (seed: number) => Array.from({ length: HEADS * WIDTH }, (_, i) => Math.sin(seed * (i + 1)));

/** Turns channels `first(p)` and `second(p)` of every head by position times the frequency of pair p. */
function turned(x: ArrayLike<number>, position: number, first: (p: number) => number, second: (p: number) => number): number[] {
  const out = Array.from(x);
  for (let h = 0; h < HEADS; h++)
    for (let p = 0; p < WIDTH / 2; p++) {
      const [i, j] = [h * WIDTH + first(p), h * WIDTH + second(p)];
      const [c, s] = [Math.cos(position * frequency(p)), Math.sin(position * frequency(p))];
      out[i] = (x[i] ?? 0) * c - (x[j] ?? 0) * s;
      out[j] = (x[i] ?? 0) * s + (x[j] ?? 0) * c;
    }
  return out;
}

describe("interleavedRows()", () => {
  test("puts channels p and p + half side by side, head by head", () => {
    const rows = floatTensor(
      [12, 2],
      Array.from({ length: 24 }, (_, i) => Math.floor(i / 2)),
    );
    const order = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11];
    expect([...interleavedRows(rows, WIDTH).data]).toEqual(order.flatMap((row) => [row, row]));
  });

  test("gives the scores of half-split rotation", () => {
    const [q, k] = [vector(1), vector(2)];
    const half = (x: number[], position: number) =>
      turned(
        x,
        position,
        (p) => p,
        (p) => p + WIDTH / 2,
      );
    const paired = (x: number[], position: number) =>
      turned(
        interleavedRows(floatTensor([x.length], x), WIDTH).data,
        position,
        (p) => 2 * p,
        (p) => 2 * p + 1,
      );
    const score = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0);
    for (const position of [0, 1, 7])
      expect(score(paired(q, position), paired(k, 3))).toBeCloseTo(score(half(q, position), half(k, 3)), 12);
  });
});
