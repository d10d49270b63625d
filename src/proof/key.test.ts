import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ModelError } from "../errors.ts";
import type { Parameters } from "../security/types.ts";
import { frozenKey } from "../testing/frozen.ts";
import { decodesSafely, mutatedBytes } from "../testing/fuzz.ts";
import { type ToyCase, toyCase, wideCase } from "../testing/toy-proof.ts";
import { planKey } from "../verifier/plan.ts";
import { decodeKey, encodeKey, modelId, type VerifyingKey } from "./key.ts";

let cases: ToyCase[];
let keys: VerifyingKey[];
beforeAll(async () => {
  cases = [await toyCase(), await wideCase()];
  const text = { kind: "ngrams", groups: [["é", "ß "], ["abc"]], exponent: 5 } as const;
  keys = [...cases.map((c) => c.key), { ...cases[0]!.key, name: "", input: text }];
});

describe("encodings of a key", () => {
  test("decode to the same key, and encode to the same bytes", () => {
    for (const key of keys) {
      const bytes = encodeKey(key);
      expect(decodeKey(bytes)).toEqual(key);
      expect(encodeKey(decodeKey(bytes))).toEqual(bytes);
    }
  });

  test("may lie at any offset", () => {
    const bytes = encodeKey(keys[0]!);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeKey(shifted.subarray(3))).toEqual(keys[0]);
  });

  test("are refused if they are cut off anywhere or go on", () => {
    for (const key of keys) {
      const bytes = encodeKey(key);
      for (let length = 0; length < bytes.length; length++) expect(() => decodeKey(bytes.slice(0, length))).toThrow(SyntaxError);
      for (const more of [1, 4]) expect(() => decodeKey(Uint8Array.from([...bytes, ...new Array(more).fill(0)]))).toThrow(SyntaxError);
    }
  });

  test("of another mark or version are refused", () => {
    const bytes = encodeKey(keys[0]!);
    expect(() => decodeKey(bytes.with(0, 0))).toThrow("does not begin with its mark");
    expect(() => decodeKey(bytes.with(4, 2))).toThrow("version 2");
  });

  test("are different for every byte that is different, and so are the model ids", () => {
    const bytes = encodeKey(keys[0]!);
    const ids = new Set([modelId(keys[0]!)]);
    let read = 0;
    for (let at = 0; at < bytes.length; at += 7) {
      let key: VerifyingKey;
      try {
        key = decodeKey(bytes.with(at, bytes[at]! ^ 1));
      } catch {
        continue;
      }
      read++;
      ids.add(modelId(key));
    }
    expect(read).toBeGreaterThan(50);
    expect(ids.size).toBe(read + 1);
  });

  test("that are random or mutated are refused with SyntaxError, ModelError or RangeError, or have one encoding and a plan", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => decodesSafely(bytes)),
      { numRuns: 300 },
    );
    for (const key of keys.slice(0, 2))
      fc.assert(
        fc.property(mutatedBytes(encodeKey(key)), (bytes) => decodesSafely(bytes)),
        { numRuns: 300 },
      );
  });
});

describe("planKey()", () => {
  const withParameters = (change: Partial<Parameters>): VerifyingKey => ({
    ...cases[1]!.key,
    parameters: { ...cases[1]!.key.parameters, ...change },
  });

  test("accepts the keys", () => {
    for (const made of cases) expect(planKey(made.key).soundness.bits).toBeGreaterThan(0);
  });

  test.each<[string, Partial<Parameters>]>([
    ["huge rows", { rowBits: 2 ** 32 - 1 }],
    ["more rows than a domain has", { rowBits: 29, folds: [14, 14], finalBits: 1 }],
    ["folds that do not add up", { folds: [2], finalBits: 1 }],
    ["an empty fold", { folds: [0, 2, 1] }],
    ["a huge fold", { folds: [17], finalBits: 0, rowBits: 17 }],
    ["blow-up 1", { blowup: 0 }],
    ["a blow-up past the domain", { blowup: 26 }],
    ["a blow-up whose last codeword is huge", { blowup: 25, rowBits: 4 }],
    ["no queries", { queries: 0 }],
    ["too many queries", { queries: 2 ** 31 }],
    ["work of 25 bits", { grinding: { lookup: 25, fold: 0, query: 0 } }],
    ["a final message past the rows", { folds: [], finalBits: 5 }],
  ])("refuses %s", (_, change) => {
    expect(() => planKey(withParameters(change))).toThrow(RangeError);
  });

  test("refuses so few rows that a row is huge", () => {
    const { key } = cases[1]!;
    const columns = [...key.system.columns, { name: "big", kind: "weight", shape: [2 ** 21], range: [0, 0] } as const];
    expect(() => planKey({ ...key, system: { ...key.system, columns } })).toThrow("allowed are 65536");
  });

  test("refuses a weight root that is no digest", () => {
    const { key } = cases[1]!;
    expect(() => planKey({ ...key, weightRoot: key.weightRoot.with(2, 0x7fffffff) })).toThrow("weight root");
  });

  test("refuses an input or output that does not fit its column", () => {
    const { key } = cases[1]!;
    const wrong: Partial<VerifyingKey>[] = [
      { inputColumn: key.outputColumn },
      { inputColumn: 10_000 },
      { outputColumn: key.inputColumn },
      { output: { labels: ["a", "b"] } },
      { output: { labels: [] } },
      { input: { kind: "tensor", shape: [7], exponent: 0, range: [-4, 3] } },
      { input: { kind: "tensor", shape: [7], exponent: 0, range: [-3, 4] } },
      { input: { kind: "tensor", shape: [7, 1], exponent: 0, range: [-3, 3] } },
      { input: { kind: "ngrams", groups: [["a", "b", "c", "d", "e", "f", "g"]], exponent: 2 } },
    ];
    for (const change of wrong) expect(() => planKey({ ...key, ...change }), JSON.stringify(change)).toThrow(ModelError);
  });

  test("refuses a text that takes long to count", () => {
    const { key } = cases[1]!;
    const columns = key.system.columns.map((c, id) => (id === key.inputColumn ? { ...c, range: [-3, 4] as const } : c));
    const plan = (groups: string[][]) =>
      planKey({ ...key, system: { ...key.system, columns }, input: { kind: "ngrams", groups, exponent: 2 } });
    const seven = ["a", "b", "c", "d", "e", "f", "g"];
    expect(plan([seven])).toBeDefined();
    expect(() => plan([["a".repeat(65), ...seven.slice(1)]])).toThrow("n-grams");
    expect(() => plan([seven, ...Array.from({ length: 16 }, () => [])])).toThrow("passes");
  });

  test("refuses a decoder's key that reads tokens and their successors from one column", () => {
    const key = decodeKey(frozenKey("decoder-v1"));
    expect(planKey(key)).toBeDefined();
    expect(() => planKey({ ...key, inputColumn: key.outputColumn })).toThrow(ModelError);
  });

  test("refuses a third public column", () => {
    const { key } = cases[1]!;
    const columns = [...key.system.columns, { name: "more", kind: "public", shape: [], range: [0, 1] } as const];
    expect(() => planKey({ ...key, system: { ...key.system, columns } })).toThrow("3 public columns");
  });

  test("refuses a term of too high a degree or too many variables", () => {
    const { key } = cases[1]!;
    const [constraint, ...rest] = key.system.constraints;
    const [term] = constraint!.terms;
    const raise = {
      ...constraint!,
      terms: [
        { ...term!, factors: [...term!.factors, ...Array.from({ length: 4 }, () => ({ kind: "ones" as const, axes: [0] as const }))] },
      ],
    };
    expect(() => planKey({ ...key, system: { ...key.system, constraints: [raise, ...rest] } })).toThrow("degree");
    const axes = [...key.system.axes, ...Array.from({ length: 6 }, () => ({ name: "more", size: 64 }))];
    const factors = [0, 0].flatMap(() =>
      Array.from({ length: 6 }, (_, i) => ({ kind: "ones" as const, axes: [key.system.axes.length + i] as const })),
    );
    const widen = { ...constraint!, terms: [{ ...term!, factors: [...term!.factors, ...factors] }] };
    expect(() => planKey({ ...key, system: { ...key.system, axes, constraints: [widen, ...rest] } })).toThrow("joint variables");
  });
});
