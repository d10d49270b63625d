import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fixed, roundFixed } from "../../ops/fixed.ts";
import { ROTATION_BITS } from "./program.ts";
import { expTable, rotationTable } from "./tables.ts";
import { cosine, quotient, root, sine } from "./trigonometry.ts";

/** A fixed-point number as a double. */
const toNumber = (v: bigint) => roundFixed(v, 50) / 2 ** 50;

describe("trigonometry", () => {
  test("sine and cosine are those of the platform, to its precision", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1000, noNaN: true }), (x) => {
        const angle = fixed(Math.round(x * 2 ** 40), 40);
        const rounded = Math.round(x * 2 ** 40) / 2 ** 40;
        expect(toNumber(sine(angle))).toBeCloseTo(Math.sin(rounded), 11);
        expect(toNumber(cosine(angle))).toBeCloseTo(Math.cos(rounded), 11);
      }),
      { numRuns: 200 },
    );
  });

  test("roots are the largest that do not exceed", () => {
    for (const [v, n] of [
      [2, 2],
      [10000, 4],
      [500000, 32],
      [1, 3],
    ] as const) {
      const r = root(v, n);
      const target = BigInt(v) << (96n * BigInt(n));
      expect(r ** BigInt(n) <= target && (r + 1n) ** BigInt(n) > target).toBe(true);
    }
  });

  test("quotients are those of the numbers", () => {
    expect(toNumber(quotient(fixed(3, 0), fixed(8, 0)))).toBe(0.375);
  });
});

describe("rotationTable()", () => {
  test.each([
    [8, 10000],
    [64, 500000],
  ])("holds the angles of heads of %i channels for the base %i", (headWidth, theta) => {
    const positions = 70;
    const table = rotationTable({ headWidth, positions: { kind: "rotary", theta } }, positions);
    const pairs = headWidth / 2;
    for (let i = 0; i < positions; i++)
      for (let p = 0; p < pairs; p++) {
        const angle = i * theta ** ((-2 * p) / headWidth);
        expect(Math.abs(table[(i * pairs + p) * 2]! - 2 ** ROTATION_BITS * Math.cos(angle))).toBeLessThan(0.5001);
        expect(Math.abs(table[(i * pairs + p) * 2 + 1]! - 2 ** ROTATION_BITS * Math.sin(angle))).toBeLessThan(0.5001);
      }
  });

  test("refuses a base that is no integer", () => {
    expect(() => rotationTable({ headWidth: 8, positions: { kind: "rotary", theta: 0.5 } }, 4)).toThrow("no integer from 1");
  });
});

describe("expTable()", () => {
  test("holds the exponential function down to where it rounds to 0", () => {
    const table = expTable(6, 3);
    table.forEach((e, t) => {
      expect(Math.abs(e - 2 ** 6 * Math.exp(-t / 8))).toBeLessThan(0.5001);
    });
    expect(table[0]).toBe(64);
    expect(table.at(-1)).toBe(1);
    expect(64 * Math.exp(-table.length / 8)).toBeLessThan(0.5);
  });
});
