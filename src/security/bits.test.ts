import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { soundness } from "./bits.ts";
import type { Parameters, Shape } from "./types.ts";

const shape: Shape = {
  lookupBits: 20,
  lookups: 900_000,
  maxLookupArity: 2,
  constraintCount: 20,
  rhoBits: 60,
  constraintRounds: 14,
  constraintDegree: 3,
  claims: 80,
  widths: [16, 48],
};
const parameters: Parameters = {
  regime: "unique-decoding",
  rowBits: 16,
  blowup: 2,
  folds: [4, 3],
  finalBits: 9,
  queries: 130,
  grinding: { lookup: 4, fold: 2, query: 16 },
};
const bitsOfSource = (name: string, s: Shape, p: Parameters): number =>
  soundness(s, p).sources.find((x) => x.name === name)?.bits ?? Number.NaN;

describe("soundness()", () => {
  it("is -log2 of the sum of all sources", () => {
    const { bits, sources } = soundness(shape, parameters);
    expect(sources.map((s) => s.name)).toEqual([
      "look-up fingerprint",
      "look-up layers",
      "constraint point",
      "constraint batching",
      "constraint sumcheck",
      "claim batching",
      "opening sumcheck",
      "column batching",
      "commitment batching",
      "folds",
      "queries",
      "hash collisions",
    ]);
    expect(bits).toBeCloseTo(-Math.log2(sources.reduce((sum, s) => sum + 2 ** -s.bits, 0)), 9);
    expect(bits).toBeLessThan(Math.min(...sources.map((s) => s.bits)));
  });

  it("counts each source by its formula", () => {
    const field = 4 * Math.log2(2 ** 31 - 1);
    expect(bitsOfSource("look-up fingerprint", shape, parameters)).toBeCloseTo(field - Math.log2(1_800_000) + 4, 9);
    expect(bitsOfSource("look-up layers", shape, parameters)).toBeCloseTo(field - Math.log2(570 + 19 + 20), 9);
    expect(bitsOfSource("constraint point", shape, parameters)).toBeCloseTo(field - Math.log2(60), 9);
    expect(bitsOfSource("constraint batching", shape, parameters)).toBeCloseTo(field - Math.log2(19), 9);
    expect(bitsOfSource("constraint sumcheck", shape, parameters)).toBeCloseTo(field - Math.log2(42), 9);
    expect(bitsOfSource("claim batching", shape, parameters)).toBeCloseTo(field - Math.log2(79), 9);
    expect(bitsOfSource("opening sumcheck", shape, parameters)).toBeCloseTo(field - Math.log2(2 * (6 + 1 + 16)), 9);
    const gap = 0.375 * 2 ** 18 + 1;
    expect(bitsOfSource("column batching", shape, parameters)).toBeCloseTo(field - Math.log2((4 + 6) * gap) + parameters.grinding.fold, 9);
    expect(bitsOfSource("commitment batching", shape, parameters)).toBeCloseTo(field - Math.log2(gap) + parameters.grinding.fold, 9);
    let folds = 0;
    for (let j = 0; j < 7; j++) folds += 0.375 * 2 ** (18 - j) + 1;
    expect(bitsOfSource("folds", shape, parameters)).toBeCloseTo(field - Math.log2(folds) + 2, 9);
    expect(bitsOfSource("queries", shape, parameters)).toBeCloseTo(-130 * Math.log2(0.625) + 16, 6);
    expect(bitsOfSource("hash collisions", shape, parameters)).toBe(124);
  });

  it("charges nothing for what does not happen", () => {
    const bare = { ...shape, lookupBits: 0, lookups: 0, rhoBits: 0, constraintCount: 1, claims: 1, constraintRounds: 0, widths: [8] };
    const names = soundness(bare, { ...parameters, folds: [], finalBits: 16 }).sources.map((s) => s.name);
    expect(names).toEqual(["opening sumcheck", "column batching", "queries", "hash collisions"]);
  });

  it("grows with queries and grinding, shrinks with every size", () => {
    const size = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(
        fc.constantFrom<Parameters["regime"]>("unique-decoding", "johnson"),
        fc.integer({ min: 1, max: 4 }),
        size,
        size,
        (regime, blowup, queries, more) => {
          const base: Parameters = { ...parameters, regime, blowup, queries };
          const bits = soundness(shape, base).bits;
          expect(soundness(shape, { ...base, queries: queries + more }).bits).toBeGreaterThanOrEqual(bits);
          for (const step of ["lookup", "fold", "query"] as const) {
            expect(soundness(shape, { ...base, grinding: { ...base.grinding, [step]: 20 } }).bits).toBeGreaterThanOrEqual(bits);
          }
          for (const key of [
            "lookupBits",
            "lookups",
            "maxLookupArity",
            "constraintCount",
            "rhoBits",
            "constraintRounds",
            "constraintDegree",
            "claims",
          ] as const) {
            expect(soundness({ ...shape, [key]: shape[key] + more }, base).bits).toBeLessThanOrEqual(bits);
          }
          expect(soundness({ ...shape, widths: [16, 48 + 8 * more] }, base).bits).toBeLessThanOrEqual(bits);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("never takes blow-up times queries for bits", () => {
    const bare: Parameters = { ...parameters, grinding: { lookup: 0, fold: 0, query: 0 } };
    for (const regime of ["unique-decoding", "johnson"] as const) {
      for (let blowup = 1; blowup <= 4; blowup++) {
        const queries = Math.ceil(100 / blowup); // "100 bits" if codes could be decoded up to their capacity
        expect(soundness(shape, { ...bare, regime, blowup, queries }).bits).toBeLessThan(55);
      }
    }
  });

  it("does not reach 100 bits without grinding where an error alone is above it", () => {
    const none = { lookup: 0, fold: 0, query: 0 };
    const many = { ...parameters, queries: 4096, grinding: none };
    expect(soundness({ ...shape, lookups: 2 ** 24 + 1, maxLookupArity: 1 }, many).bits).toBeLessThan(100);
    expect(soundness(shape, { ...many, rowBits: 24, blowup: 4, folds: [4, 4, 4], finalBits: 12 }).bits).toBeLessThan(100);
    expect(soundness(shape, { ...many, regime: "johnson" }).bits).toBeLessThan(100);
    expect(soundness(shape, { ...many, queries: 147 }).bits).toBeLessThan(100); // 0.678 bits a query
    expect(soundness(shape, { ...many, queries: 160 }).bits).toBeGreaterThan(100);
  });

  it("multiplies the challenges' errors by the list size in the Johnson regime", () => {
    const unique = bitsOfSource("claim batching", shape, parameters);
    const listed = bitsOfSource("claim batching", shape, { ...parameters, regime: "johnson" });
    expect(unique - listed).toBeGreaterThan(Math.log2(1.5 * 2));
  });

  it.each<[string, Partial<Parameters>]>([
    ["regime", { regime: "capacity" as Parameters["regime"] }],
    ["blowup", { blowup: 0 }],
    ["blowup", { blowup: 14 }],
    ["sum", { folds: [4, 4] }],
    ["fold 0", { folds: [0, 7] }],
    ["finalBits", { finalBits: 17 }],
    ["queries", { queries: 0 }],
    ["queries", { queries: 1.5 }],
    ["query grinding", { grinding: { lookup: 0, fold: 0, query: 25 } }],
    ["fold grinding", { grinding: { lookup: 0, fold: -1, query: 0 } }],
    ["look-up grinding", { grinding: { lookup: Number.NaN, fold: 0, query: 0 } }],
  ])("refuses a bad %s", (name, change) => {
    expect(() => soundness(shape, { ...parameters, ...change })).toThrow(RangeError);
    expect(() => soundness(shape, { ...parameters, ...change })).toThrow(name);
  });
});
