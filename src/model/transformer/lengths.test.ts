/** The lengths that constraints bound (SPEC §12.3, §12.8) hold for every state and every value that they let through, not only for those of real models. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  highLength,
  integerRoot,
  limbsLength,
  lowLength,
  normLength,
  reciprocalBits,
  rootHighBits,
  rootNumerator,
  type SquareBits,
  squareWeights,
  type TransformerScales,
} from "./program.ts";

interface Norm {
  readonly width: number;
  readonly scales: TransformerScales;
  readonly epsilon: number;
}

const norms: fc.Arbitrary<Norm> = fc
  .record({
    shifts: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 4), { minLength: 1, maxLength: 24 }),
    residualBits: fc.integer({ min: 11, max: 20 }),
    normExponent: fc.integer({ min: 1, max: 12 }),
    rootShift: fc.integer({ min: 11, max: 18 }),
    epsilon: fc.constantFrom(1, 2, 1000, 2 ** 20),
  })
  .map(({ shifts, residualBits, normExponent, rootShift, epsilon }) => ({
    width: shifts.length,
    scales: { channelShifts: shifts, residualBits, normExponent, rootShift } as unknown as TransformerScales,
    epsilon,
  }));

/** Normalised values as constraints force them, null for a state that has none: its root or its reciprocal leaves its limbs. */
function normalised({ width, scales, epsilon }: Norm, x: readonly number[]): number[] | null {
  const sum = x.reduce((n, v, c) => n + 4 ** scales.channelShifts[c]! * v * v, epsilon);
  const n = integerRoot(sum);
  const r = Math.floor(rootNumerator({ width }, scales) / n);
  if (n >= 2 ** (10 + rootHighBits({ width }, scales)) || r >= 2 ** reciprocalBits({ width }, scales)) return null;
  return x.map((v) => Math.floor((v * r + 2 ** (scales.rootShift - 1)) / 2 ** scales.rootShift));
}

const lengthOf = ({ scales }: Norm, y: readonly number[]): number =>
  Math.sqrt(y.reduce((n, v, c) => n + 4 ** scales.channelShifts[c]! * v * v, 0));

describe("normLength()", () => {
  const size = ({ scales }: Norm) => 2 ** (scales.residualBits - 1);
  const check = (norm: Norm, x: readonly number[]) => {
    const y = normalised(norm, x);
    if (y) expect(lengthOf(norm, y)).toBeLessThanOrEqual(normLength({ width: norm.width }, norm.scales));
    return y ? lengthOf(norm, y) : 0;
  };

  test("bounds states of every scale", () => {
    fc.assert(
      fc.property(
        norms,
        fc.array(fc.tuple(fc.integer({ min: -(2 ** 19), max: 2 ** 19 }), fc.nat(19)), { minLength: 24, maxLength: 24 }),
        (norm, cells) => {
          const limit = size(norm);
          check(
            norm,
            Array.from({ length: norm.width }, (_, c) => Math.max(-limit, Math.min(limit - 1, cells[c]![0] >> cells[c]![1]))),
          );
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("bounds the largest, the smallest and the most uneven states", () => {
    fc.assert(
      fc.property(norms, (norm) => {
        const limit = size(norm);
        for (const v of [0, 1, -1, 2, -3, limit - 1, -limit]) {
          check(norm, new Array<number>(norm.width).fill(v));
          for (let c = 0; c < norm.width; c++)
            check(
              norm,
              Array.from({ length: norm.width }, (_, k) => (k === c ? v : 0)),
            );
          check(
            norm,
            Array.from({ length: norm.width }, (_, k) => (k === 0 ? -limit : v)),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test("bounds states that a search makes as long as it can", () => {
    fc.assert(
      fc.property(norms, fc.integer({ min: 0, max: 18 }), fc.infiniteStream(fc.nat(2 ** 30)), (norm, scale, stream) => {
        const limit = Math.min(size(norm), 2 ** scale);
        const next = (n: number): number => (stream.next().value as number) % n;
        let x = Array.from({ length: norm.width }, () => next(2 * limit) - limit);
        let best = check(norm, x);
        for (let step = 0; step < 150; step++) {
          const c = next(norm.width);
          const other = x.with(c, step % 2 === 0 ? next(2 * limit) - limit : Math.max(-limit, Math.min(limit - 1, x[c]! + next(5) - 2)));
          const length = check(norm, other);
          if (length >= best) [x, best] = [other, length];
        }
      }),
      { numRuns: 150 },
    );
  });

  test("is met but for rounding by a long row", () => {
    const norm: Norm = {
      width: 64,
      scales: { channelShifts: new Array<number>(64).fill(0), residualBits: 18, normExponent: 8, rootShift: 15 } as never,
      epsilon: 1,
    };
    const y = normalised(norm, new Array<number>(64).fill(2 ** 16))!;
    const most = normLength({ width: 64 }, norm.scales);
    expect(lengthOf(norm, y)).toBeGreaterThan(0.9 * most);
    expect(most).toBeGreaterThan(Math.sqrt(squareWeights({ width: 64 }, norm.scales)) * 2 ** 8);
  });
});

describe("lengths of limbs", () => {
  const bits: fc.Arbitrary<SquareBits> = fc
    .record({ low: fc.integer({ min: 1, max: 8 }), high: fc.integer({ min: 1, max: 9 }), square: fc.integer({ min: 1, max: 26 }) })
    .map(({ low, high, square }) => ({ low, values: low + high, square: 2 * low + square }));

  test("bound every row whose square is below its bits", () => {
    fc.assert(
      fc.property(
        bits,
        fc.array(fc.tuple(fc.integer({ min: -(2 ** 17), max: 2 ** 17 }), fc.nat(17)), { minLength: 1, maxLength: 40 }),
        (of, cells) => {
          const most = 2 ** (of.values - 1);
          let a = cells.map(([v, by]) => Math.max(-most, Math.min(most - 1, v >> by)));
          // shrunk until it is let through
          while (a.reduce((n, v) => n + v * v, 0) >= 2 ** of.square) a = a.map((v) => Math.trunc(v / 2));
          const [high, low] = [a.map((v) => v >> of.low), a.map((v) => v & (2 ** of.low - 1))];
          const length = (v: readonly number[]) => Math.sqrt(v.reduce((n, x) => n + x * x, 0));
          expect(length(low)).toBeLessThanOrEqual(lowLength(of, a.length));
          expect(length(high)).toBeLessThanOrEqual(highLength(of, a.length));
          expect(2 ** of.low * length(high) + length(low)).toBeLessThanOrEqual(limbsLength(of, a.length));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("bound what the limbs' constraints let through: the square's bits are those of the values", () => {
    // q = sum h^2 + floor((sum h l + floor(sum l^2 / 2^(b+1))) / 2^(b-1)) is below 2^t exactly where sum a^2 is below 2^(2b + t)
    fc.assert(
      fc.property(
        bits,
        fc.array(fc.tuple(fc.integer({ min: -256, max: 255 }), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        (of, cells) => {
          const limbs = cells.map(([h, l]) => [h, l % 2 ** of.low] as const);
          const sum = (f: (h: number, l: number) => number) => limbs.reduce((n, [h, l]) => n + f(h, l), 0);
          const carry = Math.floor(sum((_, l) => l * l) / 2 ** (of.low + 1));
          const q = sum((h) => h * h) + Math.floor((sum((h, l) => h * l) + carry) / 2 ** (of.low - 1));
          expect(q).toBe(Math.floor(sum((h, l) => (2 ** of.low * h + l) ** 2) / 4 ** of.low));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
