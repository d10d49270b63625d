import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import { P } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";
import { bindFirst } from "../poly/multilinear.ts";
import { anyElement, anyPoint, anyWord } from "../testing/arbitrary.ts";
import vectors from "../testing/vectors/line-code.json" with { type: "json" };
import { add, CIRCLE_BITS, doubleX, GENERATOR, IDENTITY, pointAt } from "./circle.ts";
import { encode, encodeBase, evaluateMessageAt, fold, foldPair } from "./code.ts";
import { domain, inverseTwiddles, xAt } from "./domain.ts";

/** Position i of a bit-reversed list is position reverse(i) of the natural one. */
const reverse = (i: number, bits: number): number =>
  Array.from({ length: bits }, (_, k) => (i >> k) & 1).reduce((r, bit) => 2 * r + bit, 0);
const reversed = <T>(list: readonly T[]): T[] => list.map((_, i) => list[reverse(i, Math.log2(list.length))]!);

const index = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe("circle", () => {
  test.each(vectors.generators)("subgroup generator of order 2^$bits", ({ bits, x, y }) => {
    expect(pointAt(2 ** (CIRCLE_BITS - bits))).toEqual({ x, y });
  });

  test("points add as their indices, and lie on the circle", () => {
    fc.assert(
      fc.property(index, index, (a, b) => {
        const sum = add(pointAt(a), pointAt(b));
        expect(sum).toEqual(pointAt((a + b) % 2 ** 31));
        expect(m31.add(m31.mul(sum.x, sum.x), m31.mul(sum.y, sum.y))).toBe(1);
        expect(doubleX(pointAt(a).x)).toBe(add(pointAt(a), pointAt(a)).x);
        expect(pointAt((2 ** 31 - a) % 2 ** 31)).toEqual({ x: pointAt(a).x, y: m31.neg(pointAt(a).y) });
      }),
    );
  });

  test("the generator has order 2^31", () => {
    expect(pointAt(1)).toEqual(GENERATOR);
    expect(pointAt(0)).toEqual(IDENTITY);
    expect(pointAt(2 ** 30)).toEqual({ x: P - 1, y: 0 });
    expect(add(pointAt(2 ** 30), pointAt(2 ** 30))).toEqual(IDENTITY);
  });

  // The transform's points are those of the odd coset: a fixed point of reference for the group law and for orders.
  test("known answer of the circle transform", () => {
    const { coefficients, points, values } = vectors.circleTransform;
    points.forEach(([x, y], i) => {
      let total = 0;
      coefficients.forEach((c, j) => {
        const basis = m31.mul(j & 1 ? y! : 1, m31.mul(j & 2 ? x! : 1, j & 4 ? doubleX(x!) : 1));
        total = m31.add(total, m31.mul(c, basis));
      });
      expect(total).toBe(values[i]);
    });
    const half = Array.from({ length: 4 }, (_, i) => pointAt(2 ** 27 + i * 2 ** 29));
    const natural = [...half, ...half.map(({ x, y }) => ({ x, y: m31.neg(y) }))];
    // The circle domain is a half coset, then its conjugates, bit-reversed.
    expect(reversed(natural).map(({ x, y }) => [x, y])).toEqual(points);
  });
});

describe("domain", () => {
  test("D(3) is the known one", () => {
    expect(Array.from(domain(3))).toEqual(reversed(vectors.lineCode.points));
  });

  test.each([0, 1, 2, 3, 6, 10])("D(%i): single points, halves, pi and inverses", (n) => {
    const xs = domain(n);
    expect(xs).toHaveLength(2 ** n);
    expect(new Set(xs).size).toBe(2 ** n);
    const step = Math.max(1, 2 ** n / 64);
    for (let i = 0; i < 2 ** n; i += step) expect(xAt(n, i)).toBe(xs[i]);
    if (n === 0) return;
    const half = 2 ** (n - 1);
    for (let i = 0; i < half; i++) {
      expect(xs[i + half]).toBe(m31.neg(xs[i]!));
      expect(doubleX(xs[i]!)).toBe(domain(n - 1)[i]);
      expect(doubleX(xs[i + half]!)).toBe(domain(n - 1)[i]);
      expect(m31.mul(inverseTwiddles(n)[i]!, xs[i]!)).toBe(1);
    }
  });

  test("the largest domain has points, and a larger one or an index beyond it is refused", () => {
    expect(xAt(29, 2 ** 29 - 1)).toBe(m31.neg(xAt(29, 2 ** 28 - 1)));
    expect(xAt(29, 0)).toBe(2);
    expect(() => xAt(30, 0)).toThrow(InternalError);
    expect(() => xAt(3, 8)).toThrow(InternalError);
    expect(() => xAt(3, -1)).toThrow(InternalError);
    expect(() => inverseTwiddles(0)).toThrow(InternalError);
  });
});

describe("code", () => {
  const { coefficients, values, fold: folded } = vectors.lineCode;
  // Coefficients in the vector have variable 0 in the least significant bit.
  const message = reversed(coefficients);

  test("known codeword", () => {
    expect(Array.from(encodeBase(message, 0))).toEqual(reversed(values));
  });

  test("known fold: even part plus 7 times odd part", () => {
    const codeword = Array.from(encodeBase(message, 0), qm31.fromBase);
    // (1-r) even + r odd at r = alpha/(1+alpha), times 1 + alpha, is even + alpha odd.
    const sum = m31.add(1, folded.challenge);
    const r = qm31.fromBase(m31.mul(folded.challenge, m31.inv(sum)));
    const result = fold(codeword, r).map((value) => qm31.scale(value, sum)[0]);
    expect(result).toEqual(reversed(folded.additive));
    expect(result).toEqual(Array.from(encodeBase(reversed(folded.additiveCoefficients), 0)));
  });

  test("a codeword's values are those of its message at the domain", () => {
    const input = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(
        input.chain(([m, b]) => fc.tuple(anyPoint(2 ** m), fc.constant(m), fc.constant(b))),
        ([elements, m, blowup]) => {
          const codeword = encode(elements, blowup);
          expect(codeword).toHaveLength(2 ** (m + blowup));
          codeword.forEach((value, i) => {
            expect(value).toEqual(evaluateMessageAt(elements, xAt(m + blowup, i)));
          });
        },
      ),
    );
  });

  test("evaluateMessageAt is the sum over products of powers of pi", () => {
    fc.assert(
      fc.property(anyPoint(8), anyWord, (elements, x) => {
        const powers = [x, doubleX(x), doubleX(doubleX(x))];
        const terms = elements.map((value, j) =>
          powers.reduce((term, power, k) => ((j >> (2 - k)) & 1 ? qm31.scale(term, power) : term), value),
        );
        expect(evaluateMessageAt(elements, x)).toEqual(qm31.sum(terms));
      }),
    );
  });

  test("is a Reed-Solomon code: the divided difference of order 2^m over any points of a codeword vanishes", () => {
    const xs = Array.from(domain(4));
    const codeword = encodeBase([3, 1, 4, 1], 2);
    const divided = (points: readonly number[]): number => {
      let total = 0;
      for (const i of points) {
        let denominator = 1;
        for (const j of points) if (j !== i) denominator = m31.mul(denominator, m31.sub(xs[i]!, xs[j]!));
        total = m31.add(total, m31.mul(codeword[i]!, m31.inv(denominator)));
      }
      return total;
    };
    for (const points of [
      [0, 1, 2, 3, 4],
      [0, 3, 7, 11, 15],
      [2, 5, 8, 9, 14],
    ])
      expect(divided(points)).toBe(0);
    // The order below is the leading coefficient, which is not 0 here: the check can fail.
    expect(divided([0, 1, 2, 3])).not.toBe(0);
  });

  test("folding is encoding the bound message", () => {
    const input = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(
        input.chain(([m, b]) => fc.tuple(anyPoint(2 ** m), fc.constant(b))),
        anyElement,
        ([elements, blowup], r) => {
          expect(fold(encode(elements, blowup), r)).toEqual(encode(bindFirst(elements, r), blowup));
        },
      ),
    );
  });

  test("foldPair folds one pair", () => {
    fc.assert(
      fc.property(anyPoint(16), anyElement, fc.integer({ min: 0, max: 7 }), (codeword, r, i) => {
        expect(foldPair(codeword[i]!, codeword[i + 8]!, xAt(4, i), r)).toEqual(fold(codeword, r)[i]);
      }),
    );
  });

  test("folding all variables gives the message's extension everywhere", () => {
    fc.assert(
      fc.property(anyPoint(8), anyPoint(3), (elements, point) => {
        let codeword = encode(elements, 1);
        let table: QM31[] = elements;
        for (const r of point) {
          codeword = fold(codeword, r);
          table = bindFirst(table, r);
        }
        expect(codeword).toEqual([table[0], table[0]]);
      }),
    );
  });

  test("refuses lengths that are no power of two", () => {
    expect(() => encodeBase([1, 2, 3], 1)).toThrow(InternalError);
    expect(() => evaluateMessageAt([qm31.ONE, qm31.ONE, qm31.ONE], 1)).toThrow(InternalError);
    expect(() => encodeBase([], 1)).toThrow(InternalError);
  });
});
