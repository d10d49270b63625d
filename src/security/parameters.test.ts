import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { checkParameters, soundness } from "./bits.ts";
import { chooseParameters, widthOf } from "./parameters.ts";
import { estimateProofBytes } from "./size.ts";
import type { Parameters, Shape } from "./types.ts";

const shape: Omit<Shape, "widths"> = {
  lookupBits: 20,
  lookups: 900_000,
  maxLookupArity: 2,
  constraintCount: 20,
  rhoBits: 60,
  constraintRounds: 14,
  constraintDegree: 3,
  claims: 80,
};
const sizes: readonly (readonly number[])[] = [
  [0, 1],
  [1_000, 1_000],
  [80_000, 31_000],
  [800_000, 3_000_000],
  [30_000_000, 20_000_000],
  [270_000_000, 90_000_000],
];
const withWidths = (cells: readonly number[], p: Parameters): Shape => ({ ...shape, widths: cells.map((n) => widthOf(n, p.rowBits)) });

describe("chooseParameters()", () => {
  it.each(sizes)("reaches the target for %i + %i cells, within the limits", (...cells) => {
    for (const target of [80, 100]) {
      const p = chooseParameters(shape, cells, target);
      expect(() => checkParameters(p)).not.toThrow();
      expect(soundness(withWidths(cells, p), p).bits).toBeGreaterThanOrEqual(target);
      expect(p.rowBits + p.blowup).toBeLessThanOrEqual(26);
      for (const k of p.folds) expect([2, 3, 4]).toContain(k);
      for (const g of Object.values(p.grinding)) expect(g).toBeLessThanOrEqual(16);
    }
  });

  it("takes no query more than the target needs", () => {
    for (const cells of sizes) {
      const p = chooseParameters(shape, cells);
      // what the shared budget rounds up is at most one query
      expect(soundness(withWidths(cells, p), { ...p, queries: p.queries - 2 }).bits).toBeLessThan(100);
    }
  });

  it("returns the same parameters every time", () => {
    for (const cells of sizes) expect(chooseParameters(shape, cells)).toEqual(chooseParameters(shape, cells));
  });

  it("is not beaten by a neighbour of the same soundness", () => {
    const cells = [800_000, 3_000_000];
    const p = chooseParameters(shape, cells);
    const bytes = estimateProofBytes(withWidths(cells, p), p);
    for (const rowBits of [p.rowBits - 1, p.rowBits + 1]) {
      const folds = [4, 3];
      const neighbour: Parameters = { ...p, rowBits, folds, finalBits: rowBits - 7 };
      if (soundness(withWidths(cells, neighbour), neighbour).bits >= 100)
        expect(estimateProofBytes(withWidths(cells, neighbour), neighbour)).toBeGreaterThanOrEqual(bytes);
    }
    for (const folds of [[2, 2, 3], [3, 4], [4], [4, 4]]) {
      const other: Parameters = { ...p, folds, finalBits: p.rowBits - folds.reduce((a, b) => a + b, 0) };
      expect(estimateProofBytes(withWidths(cells, other), other)).toBeGreaterThanOrEqual(bytes);
    }
  });

  it("makes smaller proofs for smaller targets and in the Johnson regime where it can", () => {
    const cells = [800_000, 3_000_000];
    const bytes = (p: Parameters): number => estimateProofBytes(withWidths(cells, p), p);
    expect(bytes(chooseParameters(shape, cells, 80))).toBeLessThan(bytes(chooseParameters(shape, cells, 100)));
    expect(bytes(chooseParameters(shape, cells, 84, "johnson"))).toBeLessThan(bytes(chooseParameters(shape, cells, 84)));
  });

  it("names the error that stands in the way", () => {
    expect(() => chooseParameters({ ...shape, lookups: 2 ** 30, maxLookupArity: 2 ** 12 }, [1000, 1000])).toThrow(
      /^Cannot reach 100 proven bits .* "look-up fingerprint"/,
    );
    expect(() => chooseParameters(shape, [270_000_000, 90_000_000], 114, "johnson")).toThrow(
      /^Cannot reach 114 proven bits in the johnson regime: at most .* are left by "/,
    );
    expect(() => chooseParameters(shape, [1000, 1000], 124)).toThrow(ModelError);
  });
});
