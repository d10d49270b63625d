import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, inv, mul, neg, P, sub } from "../field/m31.ts";
import { grainConstants } from "../testing/grain.ts";
import vectors from "../testing/vectors/poseidon2-m31.json" with { type: "json" };
import { xoroshiro128Plus } from "../testing/xoroshiro.ts";
import { permute } from "./poseidon2.ts";
import { type Poseidon2Parameters, WIDTH_16, WIDTH_24 } from "./poseidon2-constants.ts";
import { permuteGeneric } from "./poseidon2-definition.ts";

const grain32 = grainConstants(32, 30);
const WIDTH_32: Poseidon2Parameters = {
  width: 32,
  initial: Uint32Array.from(grain32.initial),
  internal: Uint32Array.from(grain32.internal),
  final: Uint32Array.from(grain32.final),
  exponents: Array.from({ length: 31 }, (_, k) => k),
};
const PARAMETERS = new Map([WIDTH_16, WIDTH_24, WIDTH_32].map((parameters) => [parameters.width, parameters]));

const word = fc.oneof(fc.constantFrom(0, 1, P - 1), fc.integer({ min: 0, max: P - 1 }));

describe("constants", () => {
  test.each([WIDTH_16, WIDTH_24])("of width $width are the Grain LFSR's", (parameters) => {
    const { initial, internal, final } = grainConstants(parameters.width, parameters.internal.length);
    expect(Array.from(parameters.initial)).toEqual(initial);
    expect(Array.from(parameters.internal)).toEqual(internal);
    expect(Array.from(parameters.final)).toEqual(final);
  });

  test("have the published numbers of rounds", () => {
    expect([...PARAMETERS.values()].map((p) => [p.width, p.initial.length / p.width, p.internal.length, p.final.length / p.width])).toEqual(
      [
        [16, 4, 14, 4],
        [24, 4, 22, 4],
        [32, 4, 30, 4],
      ],
    );
  });
});

describe("definition", () => {
  test.each(vectors.permutations)("reproduces a vector of width $width from $from", ({ width, input, output }) => {
    expect(permuteGeneric(input, PARAMETERS.get(width)!)).toEqual(output);
  });

  test.each(vectors.seeded.permutations)("reproduces the vector with seeded constants of width $width", ({ width, input, output }) => {
    const { parameters, stream } = seeded(width);
    expect(stream.slice(0, 4)).toEqual(vectors.seeded.first);
    expect(permuteGeneric(input, parameters)).toEqual(output);
  });

  test("passes the intermediate states", () => {
    const seen: unknown[] = [];
    permuteGeneric(
      Array.from({ length: 16 }, (_, i) => i),
      WIDTH_16,
      (phase, round, state) => seen.push({ phase, round, state: [...state] }),
    );
    expect(seen).toHaveLength(1 + 4 + 14 + 4);
    for (const state of vectors.states) expect(seen).toContainEqual(state);
  });

  test("refuses a state of another width", () => {
    expect(() => permuteGeneric([1, 2, 3], WIDTH_16)).toThrow(RangeError);
  });
});

describe("permute", () => {
  test.each(vectors.permutations.filter(({ width }) => width === 16))("reproduces the vector from $from", ({ input, output }) => {
    const state = Uint32Array.from(input);
    permute(state);
    expect(Array.from(state)).toEqual(output);
  });

  test("is the definition", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 16, maxLength: 16 }), (input) => {
        const state = Uint32Array.from(input);
        permute(state);
        expect(Array.from(state)).toEqual(permuteGeneric(input, WIDTH_16));
      }),
      { numRuns: 200 },
    );
  });

  test("is the definition where every word of the first S-boxes is 0", () => {
    const zeroing = Array.from(WIDTH_16.initial.subarray(0, 16), (constant) => neg(constant));
    const input = solveExternal(zeroing);
    const seen: number[][] = [];
    const output = permuteGeneric(input, WIDTH_16, (_phase, _round, state) => seen.push([...state]));
    expect(seen[0]).toEqual(zeroing);
    const state = Uint32Array.from(input);
    permute(state);
    expect(Array.from(state)).toEqual(output);
  });

  test("yields canonical words along a chain that the definition follows", () => {
    const state = new Uint32Array(16);
    let slow: number[] = Array.from(state);
    for (let k = 0; k < 100; k++) {
      permute(state);
      slow = permuteGeneric(slow, WIDTH_16);
      expect(Array.from(state)).toEqual(slow);
    }
  });
});

/** The input that the first external matrix takes to `target`: with M4 z = t and (I + J) y = z over chunks, y_c = z_c - (sum of z)/5. */
function solveExternal(target: readonly number[]): number[] {
  // M4 = circ(2, 3, 1, 1) is inverted through x0 - x2 and x1 - x3, x0 + x2 and x1 + x3.
  const half = inv(2);
  const chunk = (c: number): number[] => {
    const [t0, t1, t2, t3] = target.slice(4 * c, 4 * c + 4) as [number, number, number, number];
    // Sums: t0 + t2 = 3 s + 4 d, t1 + t3 = 4 s + 3 d. Differences: t0 - t2 = a + 2 b, t1 - t3 = b - 2 a.
    const [even, odd] = [add(t0, t2), add(t1, t3)];
    const s = mul(sub(mul(4, odd), mul(3, even)), inv(7));
    const d = mul(sub(mul(4, even), mul(3, odd)), inv(7));
    const [p, q] = [sub(t0, t2), sub(t1, t3)];
    const a = mul(sub(p, mul(2, q)), inv(5));
    const b = mul(add(q, mul(2, p)), inv(5));
    return [add(s, a), add(d, b), sub(s, a), sub(d, b)].map((v) => mul(v, half));
  };
  const z = [0, 1, 2, 3].flatMap(chunk);
  return z.map((v, i) =>
    sub(
      v,
      mul(
        inv(5),
        [0, 4, 8, 12].reduce((sum, c) => add(sum, z[c + (i % 4)]!), 0),
      ),
    ),
  );
}

function seeded(width: number): { parameters: Poseidon2Parameters; stream: number[] } {
  const { internal, exponents } = PARAMETERS.get(width)!;
  const random = xoroshiro128Plus(1n);
  const stream: number[] = [];
  while (stream.length < 8 * width + internal.length) {
    const value = Number(random() >> 33n);
    if (value !== P) stream.push(value);
  }
  const parameters = {
    width,
    initial: Uint32Array.from(stream.slice(0, 4 * width)),
    final: Uint32Array.from(stream.slice(4 * width, 8 * width)),
    internal: Uint32Array.from(stream.slice(8 * width)),
    exponents,
  };
  return { parameters, stream };
}
