import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InternalError } from "../errors.ts";
import { P } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";
import { bitsOf, cellsOf } from "../system/types.ts";
import { anyElement, anyPoint, anyWord } from "../testing/arbitrary.ts";
import { eqAt, eqBits, eqTable } from "./eq.ts";
import { bindFirst, evaluate, evaluateTensor, iotaAt, maskAt } from "./multilinear.ts";
import { interpolateAt, quadraticAt } from "./univariate.ts";

const sized = (n: number) => fc.tuple(anyPoint(n), anyPoint(n));
const bitPoint = (index: number, bits: number): QM31[] =>
  Array.from({ length: bits }, (_, k) => qm31.fromBase((index >> (bits - 1 - k)) & 1));

/** sum_x eq(z, x) t(x), term by term. */
function definition(table: readonly QM31[], point: readonly QM31[]): QM31 {
  return qm31.sum(table.map((value, x) => qm31.mul(value, eqAt(point, bitPoint(x, point.length)))));
}

describe("eq", () => {
  test("at bits, at tables and at general points agree", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }).chain(anyPoint), (point) => {
        const table = eqTable(point);
        expect(table).toHaveLength(2 ** point.length);
        table.forEach((value, x) => {
          expect(eqBits(point, x, point.length)).toEqual(value);
          expect(eqAt(point, bitPoint(x, point.length))).toEqual(value);
        });
        expect(qm31.sum(table)).toEqual(qm31.ONE);
      }),
    );
  });

  test("is the indicator on bits, variable 0 the most significant", () => {
    expect(eqTable(bitPoint(0b110, 3)).map((value) => value[0])).toEqual([0, 0, 0, 0, 0, 0, 1, 0]);
    expect(
      eqBits(
        [
          [5, 0, 0, 0],
          [7, 0, 0, 0],
        ],
        0b10,
        2,
      ),
    ).toEqual(qm31.fromInteger(5 * (1 - 7)));
    expect(
      eqBits(
        Array.from({ length: 31 }, () => qm31.ONE),
        2 ** 31 - 1,
        31,
      ),
    ).toEqual(qm31.ONE);
  });

  test("is symmetric and multilinear between points", () => {
    fc.assert(
      fc.property(sized(3), ([a, b]) => {
        expect(eqAt(a, b)).toEqual(eqAt(b, a));
        expect(eqAt(a, b)).toEqual(evaluate(eqTable(a), b));
      }),
    );
  });

  test("refuses unequal lengths and indices out of range", () => {
    expect(() => eqAt([qm31.ONE], [])).toThrow(InternalError);
    expect(() => eqBits([qm31.ONE], 2, 1)).toThrow(InternalError);
    expect(() => eqBits([qm31.ONE], 0, 2)).toThrow(InternalError);
  });
});

describe("tables", () => {
  test("evaluate is the sum over eq, for words and for elements", () => {
    const input = fc.integer({ min: 0, max: 4 }).chain((n) => fc.tuple(anyPoint(n), anyPoint(2 ** n)));
    fc.assert(
      fc.property(input, ([point, table]) => {
        expect(evaluate(table, point)).toEqual(definition(table, point));
        const words = table.map((value) => value[0]);
        expect(evaluate(words, point)).toEqual(definition(words.map(qm31.fromBase), point));
        expect(evaluate(Uint32Array.from(words), point)).toEqual(evaluate(words, point));
      }),
    );
  });

  test("bindFirst binds variable 0", () => {
    fc.assert(
      fc.property(anyPoint(8), anyPoint(3), (table, point) => {
        expect(evaluate(bindFirst(table, point[0]!), point.slice(1))).toEqual(definition(table, point));
      }),
    );
  });

  test("refuses a table of another size", () => {
    expect(() => evaluate([1, 2, 3], [qm31.ONE, qm31.ONE])).toThrow(InternalError);
  });
});

/** The tensor with every axis padded to a power of two, row-major. */
function padded(values: readonly number[], shape: readonly number[]): number[] {
  if (shape.length === 0) return [...values];
  const rest = values.length / shape[0]!;
  const slices = Array.from({ length: shape[0]! }, (_, i) => padded(values.slice(i * rest, (i + 1) * rest), shape.slice(1)));
  const empty = slices[0]!.map(() => 0);
  return Array.from({ length: 2 ** bitsOf(shape[0]!) }, (_, i) => slices[i] ?? empty).flat();
}

describe("tensors", () => {
  test("evaluate as their padded tables", () => {
    const input = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }).chain((shape) => {
      const cells = cellsOf(shape);
      const bits = shape.reduce((sum, size) => sum + bitsOf(size), 0);
      return fc.tuple(fc.constant(shape), fc.array(anyWord, { minLength: cells, maxLength: cells }), anyPoint(bits));
    });
    fc.assert(
      fc.property(input, ([shape, values, point]) => {
        expect(evaluateTensor(values, shape, point)).toEqual(evaluate(padded(values, shape), point));
      }),
    );
  });

  test.each([[[1500]], [[3, 1300]], [[1100, 2]], [[1, 2047, 1]], [[2048]]])(
    "of shape %j, whose long axis is cut, evaluate as their padded tables",
    (shape) => {
      const values = Array.from({ length: cellsOf(shape) }, (_, k) => (k * 1234567 + 89) % P);
      const bits = shape.reduce((sum, size) => sum + bitsOf(size), 0);
      const point = Array.from({ length: bits }, (_, k): QM31 => [k + 3, P - 1 - k, 17 * k, 5]);
      expect(evaluateTensor(values, shape, point)).toEqual(evaluate(padded(values, shape), point));
    },
  );

  test("without axes are their value", () => {
    expect(evaluateTensor([42], [], [])).toEqual(qm31.fromBase(42));
    expect(evaluateTensor([42], [1, 1], [])).toEqual(qm31.fromBase(42));
  });

  test("refuse a wrong number of values or coordinates", () => {
    expect(() => evaluateTensor([1, 2], [3], [qm31.ONE, qm31.ONE])).toThrow(InternalError);
    expect(() => evaluateTensor([1, 2, 3], [3], [qm31.ONE])).toThrow(InternalError);
  });
});

describe("structured extensions", () => {
  test("maskAt is the extension of [x < size]", () => {
    const input = fc.integer({ min: 0, max: 5 }).chain((n) => fc.tuple(anyPoint(n), fc.integer({ min: 0, max: 2 ** n })));
    fc.assert(
      fc.property(input, ([point, size]) => {
        const table = Array.from({ length: 2 ** point.length }, (_, x) => (x < size ? 1 : 0));
        expect(maskAt(size, point)).toEqual(evaluate(table, point));
      }),
    );
    expect(() => maskAt(3, [qm31.ONE])).toThrow(InternalError);
  });

  test("iotaAt is the extension of the index", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }).chain(anyPoint), (point) => {
        expect(iotaAt(point)).toEqual(
          evaluate(
            Array.from({ length: 2 ** point.length }, (_, x) => x),
            point,
          ),
        );
      }),
    );
  });
});

describe("round polynomials", () => {
  const horner = (coefficients: readonly QM31[], x: QM31): QM31 =>
    coefficients.reduceRight((sum, c) => qm31.add(qm31.mul(sum, x), c), qm31.ZERO);

  test("interpolateAt is the polynomial through the values, up to degree 4", () => {
    const input = fc.integer({ min: 1, max: 5 }).chain(anyPoint);
    fc.assert(
      fc.property(input, anyElement, (coefficients, r) => {
        const values = coefficients.map((_, i) => horner(coefficients, qm31.fromBase(i)));
        expect(interpolateAt(values, r)).toEqual(horner(coefficients, r));
        values.forEach((value, i) => {
          expect(interpolateAt(values, qm31.fromBase(i))).toEqual(value);
        });
      }),
    );
    expect(() => interpolateAt([], qm31.ONE)).toThrow(InternalError);
    expect(() =>
      interpolateAt(
        Array.from({ length: 6 }, () => qm31.ONE),
        qm31.ONE,
      ),
    ).toThrow(InternalError);
  });

  test("quadraticAt is the quadratic", () => {
    fc.assert(
      fc.property(anyPoint(3), anyElement, (coefficients, r) => {
        const [atZero, , leading] = coefficients as [QM31, QM31, QM31];
        expect(quadraticAt(atZero, qm31.sum(coefficients), leading, r)).toEqual(horner(coefficients, r));
      }),
    );
  });
});
