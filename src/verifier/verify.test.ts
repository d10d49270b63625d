import { describe, expect, test } from "vitest";
import type { Parameters } from "../security/types.ts";
import { firstViolation } from "../testing/check-system.ts";
import { prove, toyCase, WIDE_PARAMETERS, wideCase, withParameters } from "../testing/toy-proof.ts";
import { prepareKey, verify } from "./verify.ts";

describe("verify()", () => {
  test("accepts the first toy at its default of 100 bits", async () => {
    const made = await toyCase();
    const statement = verify(made.key, await prove(made));
    expect(statement).toMatchObject({ modelName: "toy", input: made.input, output: { index: made.output } });
    expect(statement.bits).toBeGreaterThanOrEqual(100);
  });

  test("accepts the second toy at 100 bits, for several inputs and outputs", async () => {
    const outputs = new Set<number>();
    for (const x of [Int32Array.of(3, -1, 2, 0, -3, 1, 2), Int32Array.of(0, 0, 0, 0, 0, 0, 0), Int32Array.of(-3, 3, 1, 1, -2, 0, 3)]) {
      const made = await wideCase(null, x);
      expect(firstViolation(made.toy.built, made.witness)).toBeNull();
      expect(verify(made.key, await prove(made)).output.index).toBe(made.output);
      outputs.add(made.output);
    }
    expect(outputs.size).toBeGreaterThan(1);
  });

  test("meets all of the protocol in the second toy", async () => {
    const { key } = await wideCase();
    const { constraints, lookups, layouts } = prepareKey(key).plan;
    expect(constraints.degree).toBe(4);
    expect(new Set(constraints.terms.map((t) => t.variables)).size).toBeGreaterThanOrEqual(4);
    expect(constraints.terms.some((t) => t.equalities.length > 0 && t.factors.some((f) => f.factor.kind === "shift"))).toBe(true);
    expect(constraints.constant.length).toBeGreaterThan(0);
    expect(new Set(lookups.instances.map((i) => i.bits)).size).toBeGreaterThan(3);
    const [weight, witness] = layouts;
    expect(weight?.columnBits).toBeLessThan(witness?.columnBits ?? 0);
    const kinds = key.system.constraints.flatMap((c) => c.terms.flatMap((t) => t.factors.map((f) => f.kind)));
    expect(new Set(kinds)).toEqual(new Set(["window", "at", "ones", "shift", "below", "select"]));
  });

  const base = WIDE_PARAMETERS;
  test.each<[string, Parameters]>([
    ["two layers, a final message that folds on, work everywhere", base],
    ["no layer", { ...base, folds: [], finalBits: 4 }],
    ["one layer down to one element", { ...base, folds: [4], finalBits: 0, grinding: { lookup: 0, fold: 0, query: 0 } }],
    ["one fold a layer", { ...base, folds: [1, 1, 1, 1], finalBits: 0 }],
    ["one row", { ...base, rowBits: 0, folds: [], finalBits: 0 }],
    ["more rows than cells", { ...base, rowBits: 10, folds: [3, 4], finalBits: 3, blowup: 1 }],
    ["a blow-up of 16 and more queries than positions", { ...base, rowBits: 1, folds: [1], finalBits: 0, blowup: 4, queries: 100 }],
  ])("accepts %s", async (_, parameters) => {
    const made = await withParameters(await wideCase(null), parameters);
    expect(verify(made.key, await prove(made), { minBits: 0 }).output.index).toBe(made.output);
  });
});
