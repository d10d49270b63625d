import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyWord } from "../testing/arbitrary.ts";
import * as m31 from "./m31.ts";
import { P } from "./m31.ts";

const exact = (v: bigint): number => Number(((v % BigInt(P)) + BigInt(P)) % BigInt(P));

describe("words against exact integers", () => {
  test("add, sub, neg, mul", () => {
    fc.assert(
      fc.property(anyWord, anyWord, (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)];
        expect(m31.add(a, b)).toBe(exact(x + y));
        expect(m31.sub(a, b)).toBe(exact(x - y));
        expect(m31.neg(a)).toBe(exact(-x));
        expect(m31.mul(a, b)).toBe(exact(x * y));
      }),
      { numRuns: 2000 },
    );
  });

  test("mul at all pairs of extreme halves", () => {
    const halves = [0, 1, 0x7ffe, 0x7fff];
    const words = halves.flatMap((high) => [0, 1, 0xfffe, 0xffff].map((low) => high * 0x10000 + low)).filter((w) => w < P);
    for (const a of words) for (const b of words) expect(m31.mul(a, b)).toBe(exact(BigInt(a) * BigInt(b)));
  });

  test("pow", () => {
    fc.assert(
      fc.property(anyWord, fc.integer({ min: 0, max: 60 }), (a, e) => {
        expect(m31.pow(a, e)).toBe(exact(BigInt(a) ** BigInt(e)));
      }),
    );
    expect(m31.pow(0, 0)).toBe(1);
    expect(m31.pow(3, P - 1)).toBe(1);
    expect(m31.pow(2, 31)).toBe(1);
  });
});

test("inv times the word is 1, and 0 has none", () => {
  fc.assert(
    fc.property(
      anyWord.filter((a) => a !== 0),
      (a) => {
        expect(m31.mul(a, m31.inv(a))).toBe(1);
      },
    ),
  );
  expect(() => m31.inv(0)).toThrow(RangeError);
});

test("halfPower is the inverse of a power of two", () => {
  for (let k = 0; k < 70; k++) expect(m31.mul(m31.halfPower(k), m31.pow(2, k))).toBe(1);
});

test("signed integers and their elements", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 30 - 1), max: 2 ** 30 - 1 }), (v) => {
      expect(m31.fromInteger(v)).toBe(exact(BigInt(v)));
      expect(Object.is(m31.toInteger(m31.fromInteger(v)), v === 0 ? 0 : v)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeInteger(), (v) => {
      expect(m31.fromInteger(v)).toBe(exact(BigInt(v)));
    }),
  );
  expect(Object.is(m31.fromInteger(-P), 0)).toBe(true);
  expect(Object.is(m31.fromInteger(-0), 0)).toBe(true);
  expect(m31.toInteger((P - 1) / 2)).toBe((P - 1) / 2);
  expect(m31.toInteger((P + 1) / 2)).toBe(-(P - 1) / 2);
});

test("p itself is not canonical", () => {
  expect([0, 1, P - 1].map(m31.isCanonical)).toEqual([true, true, true]);
  expect([P, P + 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY].map(m31.isCanonical)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});
