import { describe, expect, it } from "vitest";
import { planLookups } from "../lookup/plan.ts";
import { planConstraints } from "../sumcheck/plan.ts";
import { proveToy } from "../testing/platform.ts";
import { planSystem, shapeOf } from "../verifier/plan.ts";
import { estimateProofBytes, openingBytes } from "./size.ts";

describe("openingBytes()", () => {
  it("is exact at the ends", () => {
    expect(openingBytes(10, 1, 64)).toBeCloseTo(64 + 10 * 32, 6); // one leaf, one path
    expect(openingBytes(3, 4096, 64)).toBeCloseTo(8 * 64, 6); // all leaves, no path
    expect(openingBytes(0, 5, 64)).toBe(64);
  });
});

describe("estimateProofBytes()", () => {
  it("is within 2 % of a real proof", async () => {
    const { key, proof } = await proveToy();
    const { system, parameters } = key;
    const widths = planSystem(system, parameters).layouts.map((l) => l.width);
    const shape = { ...shapeOf(system, planLookups(system), planConstraints(system)), widths };
    expect(Math.abs(estimateProofBytes(shape, parameters) / proof.length - 1)).toBeLessThan(0.02);
  });
});
