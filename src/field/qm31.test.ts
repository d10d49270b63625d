import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyElement, anyWord } from "../testing/arbitrary.ts";
import vectors from "../testing/vectors/line-code.json" with { type: "json" };
import { P } from "./m31.ts";
import type { QM31 } from "./qm31.ts";
import * as qm31 from "./qm31.ts";

const known = vectors.field;
const element = (words: readonly number[]): QM31 => words as unknown as QM31;

/** a + bi + (c + d i)u by the schoolbook rule with i^2 = -1, u^2 = 2 + i, in exact integers. */
function schoolbook(x: QM31, y: QM31): QM31 {
  const [a, b, c, d] = x.map(BigInt) as [bigint, bigint, bigint, bigint];
  const [e, f, g, h] = y.map(BigInt) as [bigint, bigint, bigint, bigint];
  const [bd0, bd1] = [c * g - d * h, c * h + d * g];
  const words = [
    a * e - b * f + 2n * bd0 - bd1,
    a * f + b * e + bd0 + 2n * bd1,
    a * g - b * h + c * e - d * f,
    a * h + b * g + c * f + d * e,
  ];
  const p = BigInt(P);
  return element(words.map((w) => Number(((w % p) + p) % p)));
}

describe("known answers", () => {
  test("product in CM31", () => {
    const { a, b, product } = known.cm31;
    expect(qm31.mul(element([...a, 0, 0]), element([...b, 0, 0]))).toEqual([...product, 0, 0]);
  });

  test("product and inverse", () => {
    const { a, b, product, inverseOfA } = known.qm31;
    expect(qm31.mul(element(a), element(b))).toEqual(product);
    expect(qm31.inv(element(a))).toEqual(inverseOfA);
  });

  test("u^2 = 2 + i and i^2 = -1", () => {
    expect(qm31.mul([0, 0, 1, 0], [0, 0, 1, 0])).toEqual([2, 1, 0, 0]);
    expect(qm31.mul([0, 1, 0, 0], [0, 1, 0, 0])).toEqual([P - 1, 0, 0, 0]);
  });
});

describe("laws", () => {
  test("mul is the schoolbook product", () => {
    fc.assert(
      fc.property(anyElement, anyElement, (x, y) => {
        expect(qm31.mul(x, y)).toEqual(schoolbook(x, y));
      }),
      { numRuns: 1000 },
    );
  });

  test("mul is exact where its sums are largest", () => {
    const four = (choices: readonly number[]): QM31[] =>
      Array.from({ length: choices.length ** 4 }, (_, n) =>
        element([0, 1, 2, 3].map((k) => choices[Math.floor(n / choices.length ** k) % choices.length]!)),
      );
    for (const x of four([0, P - 1]))
      for (const y of four([0, 0xffff, P - 1])) expect(qm31.equals(qm31.mul(x, y), schoolbook(x, y))).toBe(true);
  });

  test("ring", () => {
    fc.assert(
      fc.property(anyElement, anyElement, anyElement, (x, y, z) => {
        expect(qm31.mul(qm31.mul(x, y), z)).toEqual(qm31.mul(x, qm31.mul(y, z)));
        expect(qm31.mul(x, y)).toEqual(qm31.mul(y, x));
        expect(qm31.mul(x, qm31.add(y, z))).toEqual(qm31.add(qm31.mul(x, y), qm31.mul(x, z)));
        expect(qm31.add(qm31.sub(x, y), y)).toEqual(x);
        expect(qm31.add(x, qm31.neg(x))).toEqual(qm31.ZERO);
        expect(qm31.mul(x, qm31.ONE)).toEqual(x);
      }),
    );
  });

  test("inverse", () => {
    fc.assert(
      fc.property(
        anyElement.filter((x) => !qm31.isZero(x)),
        (x) => {
          expect(qm31.mul(x, qm31.inv(x))).toEqual(qm31.ONE);
        },
      ),
    );
    expect(() => qm31.inv(qm31.ZERO)).toThrow(RangeError);
  });

  test("scale is mul by a base element", () => {
    fc.assert(
      fc.property(anyElement, anyWord, (x, s) => {
        expect(qm31.scale(x, s)).toEqual(qm31.mul(x, qm31.fromBase(s)));
      }),
    );
  });

  test("pow, powers and sum", () => {
    fc.assert(
      fc.property(anyElement, fc.integer({ min: 0, max: 12 }), (x, e) => {
        let power = qm31.ONE;
        const list: QM31[] = [];
        for (let k = 0; k < e; k++) {
          list.push(power);
          power = qm31.mul(power, x);
        }
        expect(qm31.pow(x, e)).toEqual(power);
        expect(qm31.powers(x, e)).toEqual(list);
        expect(qm31.mul(qm31.sum(list), qm31.sub(x, qm31.ONE))).toEqual(qm31.sub(power, qm31.ONE));
      }),
    );
  });

  test("the multiplicative group has order p^4 - 1", () => {
    const x: QM31 = [1, 2, 3, 4];
    const order = BigInt(P) ** 4n - 1n;
    let power = qm31.ONE;
    for (const bit of order.toString(2)) {
      power = qm31.mul(power, power);
      if (bit === "1") power = qm31.mul(power, x);
    }
    expect(power).toEqual(qm31.ONE);
  });

  test("equality and zero look at all four words", () => {
    const x: QM31 = [5, 6, 7, 8];
    expect(qm31.equals(x, [5, 6, 7, 8])).toBe(true);
    for (let k = 0; k < 4; k++) {
      const other = element(x.map((w, i) => (i === k ? w + 1 : w)));
      expect(qm31.equals(x, other)).toBe(false);
      expect(qm31.isZero(element([0, 0, 0, 0].map((w, i) => (i === k ? 1 : w))))).toBe(false);
    }
    expect(qm31.isZero(qm31.ZERO)).toBe(true);
    expect(qm31.fromInteger(-1)).toEqual([P - 1, 0, 0, 0]);
  });
});
