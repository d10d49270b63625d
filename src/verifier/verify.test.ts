import { describe, expect, test } from "vitest";
import type { Parameters } from "../security/types.ts";
import { bitsOf, cellsOf } from "../system/types.ts";
import { firstViolation } from "../testing/check-system.ts";
import { prove, toyCase, WIDE_PARAMETERS, wideCase, withParameters } from "../testing/toy-proof.ts";
import { segmentedCase } from "../testing/toy-segments.ts";
import { TAGS } from "../transcript/tags.ts";
import { shapeOf } from "./plan.ts";
import { prepareKey, verify, verifyPart } from "./verify.ts";

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

  test("meets as many rounds, claims and challenges as its soundness counts", async () => {
    const { parts } = await segmentedCase();
    for (const made of [await toyCase(), await wideCase(), ...parts]) {
      const messages = new Map<number, number[]>();
      const draws: number[] = [];
      verifyPart(made.key, await prove(made), {
        minBits: 0,
        observer: (kind, tag, count) => {
          if (kind === "receive") messages.set(tag, [...(messages.get(tag) ?? []), count]);
          if (kind === "draw") draws.push(count);
        },
      });
      const of = (tag: number) => messages.get(tag) ?? [];
      const { system, parameters } = made.key;
      const { lookups, constraints, layouts } = prepareKey(made.key).plan;
      const shape = shapeOf(system, lookups, constraints);
      expect(of(TAGS.lookupValues)).toEqual(new Array(shape.lookupBits).fill(16));
      expect(of(TAGS.lookupRound).length).toBe((shape.lookupBits * (shape.lookupBits - 1)) / 2);
      expect(of(TAGS.constraintRound)).toEqual(new Array(shape.constraintRounds).fill(4 * shape.constraintDegree));
      const sent = [TAGS.lookupEvaluations, TAGS.constantEvaluations, TAGS.leafEvaluations].flatMap(of).reduce((n, count) => n + count, 0);
      expect(sent).toBe(4 * shape.claims);
      const columnRounds = Math.max(...layouts.map((l) => l.columnBits));
      expect(of(TAGS.openingRound).length).toBe(columnRounds + bitsOf(layouts.length) + parameters.rowBits);
      expect(of(TAGS.codewordRoot).length).toBe(parameters.folds.length);
      expect(draws).toContain(4 * shape.rhoBits);
      expect(draws.at(-1)).toBe(parameters.queries);
      const cells = (shapes: readonly (readonly number[])[]) => shapes.reduce((n, s) => n + cellsOf(s), 0);
      expect(shape.lookups).toBe(
        cells(system.lookups.map((l) => system.columns[l.columns[0]!]!.shape)) + cells(system.tables.map((t) => [t.size])),
      );
      expect(shape.constraintCount).toBe(system.constraints.length);
    }
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
