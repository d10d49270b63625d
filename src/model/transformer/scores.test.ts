import { describe, expect, test } from "vitest";
import { smallProgram } from "../../testing/decoder.ts";
import { CLASS, maskedRow, type ScoreTable, scoreRow, scoreTable } from "./scores.ts";

const scales = { ...smallProgram().scales, expBits: 5, expExponent: 2, scoreShift: 2, scoreLimit: 150 };
const table = scoreTable(scales);
const MOST = 2 * scales.scoreLimit;

/** All that the two tables allow for a difference: weights by class. */
function allowed({ bases, exps, classes, offsetClasses }: ScoreTable): Map<number, { exp: number; class: number }[]> {
  const rows = new Map<number, { exp: number; class: number }[]>();
  bases.forEach((base, row) => {
    offsetClasses.forEach((offsetClass, offset) => {
      if (offsetClass !== classes[row]) return;
      const found = rows.get(base + offset) ?? [];
      found.push({ exp: exps[row]!, class: offsetClass });
      rows.set(base + offset, found);
    });
  });
  return rows;
}

/** round(2^E exp(-floor(d / 2^s) 2^-f)), by floats. */
const weight = (d: number) =>
  Math.round(2 ** scales.expBits * Math.exp(-Math.floor(d / 2 ** scales.scoreShift) * 2 ** -scales.expExponent));

describe("the score tables", () => {
  const all = allowed(table);

  test("give a visible difference its weight and no other, and a negative one nothing", () => {
    for (const [difference, rows] of all)
      for (const row of rows)
        if (row.class !== CLASS.void) {
          expect(difference).toBeGreaterThanOrEqual(0);
          expect(row.exp).toBe(weight(difference));
        }
  });

  test("call nothing but 0 a maximum", () => {
    const maxima = [...all].filter(([, rows]) => rows.some((row) => row.class === CLASS.max));
    expect(maxima.map(([difference]) => difference)).toEqual([0]);
  });

  test("give hidden differences of any sign no weight", () => {
    for (let d = -MOST; d <= MOST; d++) expect(all.get(d)?.some((row) => row.exp === 0 && row.class >= CLASS.tail)).toBe(true);
  });

  test("have the rows that the decoder takes", () => {
    const has = (d: number, row: ReturnType<typeof scoreRow>) => {
      const offset = d - row.base;
      expect(table.offsetClasses[offset]).toBe(row.class);
      expect(table.bases.some((base, k) => base === row.base && table.exps[k] === row.exp && table.classes[k] === row.class)).toBe(true);
    };
    for (let d = 0; d <= MOST; d++) has(d, scoreRow(table, d));
    for (let d = -MOST; d <= MOST; d++) {
      has(d, maskedRow(table, d));
      expect(maskedRow(table, d).exp).toBe(0);
    }
  });

  test("have classes that are digits for fewer than 2^10 positions", () => {
    expect([CLASS.step, CLASS.max, CLASS.tail, CLASS.void]).toEqual([0, 1, 2 ** 10, 2 ** 20]);
  });
});
