import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ModelError, VerifyError } from "../errors.ts";
import { encodeKey, type VerifyingKey } from "../proof/key.ts";
import { segmentParameters } from "../prover/segments.ts";
import { mutatedBytes } from "../testing/fuzz.ts";
import { prove, WIDE_PARAMETERS } from "../testing/toy-proof.ts";
import { segmentedCase } from "../testing/toy-segments.ts";
import { decodeSegmentedKey, encodeSegmentedKey, MAX_SEGMENTS, prepareSegments, type SegmentedKey } from "./key.ts";
import { decodeSegments, encodeSegments } from "./proof.ts";
import { verifySegments } from "./verify.ts";

let key: SegmentedKey;
let proof: Uint8Array;
beforeAll(async () => {
  const made = await segmentedCase({ parameters: { ...WIDE_PARAMETERS, queries: 3, grinding: { lookup: 0, fold: 0, query: 0 } } });
  key = made.key;
  proof = encodeSegments(await Promise.all(made.parts.map((part) => prove(part))));
});

const withSegment = (i: number, change: (segment: VerifyingKey) => VerifyingKey): SegmentedKey => ({
  ...key,
  segments: key.segments.with(i, change(key.segments[i]!)),
});
const withColumn = (name: string, change: object) => (segment: VerifyingKey) => ({
  ...segment,
  system: { ...segment.system, columns: segment.system.columns.map((c) => (c.name === name ? { ...c, ...change } : c)) },
});

describe("prepareSegments()", () => {
  test("refuses segments that are not parts of one computation", () => {
    const [a, b, c] = key.segments as [VerifyingKey, VerifyingKey, VerifyingKey];
    const of =
      (...segments: VerifyingKey[]) =>
      () =>
        prepareSegments({ ...key, segments });
    expect(of()).toThrow("1 to 256 segments, not 0");
    expect(of(...new Array<VerifyingKey>(MAX_SEGMENTS + 1).fill(b))).toThrow("not 257");
    expect(of(b, c)).toThrow("Segment 1 of the key does not begin");
    expect(of(a, b)).toThrow("ends with a boundary");
    expect(of(a, a, b, c)).toThrow("Segment 2 of the key does not begin");
    expect(of(a, b, c, c)).toThrow("Segment 4 of the key does not begin");
  });

  test.each<[string, () => SegmentedKey]>([
    ["other rows or another rate", () => withSegment(1, (s) => ({ ...s, parameters: { ...WIDE_PARAMETERS, rowBits: 5, folds: [2, 2] } }))],
    ["other rows or another rate", () => withSegment(2, (s) => ({ ...s, parameters: { ...WIDE_PARAMETERS, blowup: 3 } }))],
    [
      "not in the regime of unique decoding",
      () => withSegment(0, (s) => ({ ...s, parameters: { ...s.parameters, regime: "johnson", blowup: 4 } })),
    ],
    ["for other statements", () => withSegment(1, (s) => ({ ...s, output: { labels: s.output.labels.with(3, "other") } }))],
    [
      "for other statements",
      () => withSegment(2, (s) => ({ ...s, input: { kind: "tensor", shape: [20], exponent: 1, range: [-50, 50] } })),
    ],
    ["does not begin", () => withSegment(1, withColumn("state before", { range: [0, 256] }))],
    ["does not begin", () => withSegment(0, withColumn("state after", { range: [-1, 255] }))],
  ])("refuses a segment that is %s", (what, changed) => {
    expect(() => prepareSegments(changed())).toThrow(what);
  });

  test.each([
    [1, "begin", "state before"],
    [0, "end", "state after"],
  ] as const)("refuses segment %i without the constraint %s: nothing forces its boundary's range", (i, name, column) => {
    const without = withSegment(i, (s) => ({
      ...s,
      system: { ...s.system, constraints: s.system.constraints.filter((c) => c.name !== name) },
    }));
    expect(() => prepareSegments(without)).toThrow(`Nothing forces the range of column ${column}`);
  });

  test("refuses segments that together ask for more than a verifier does, when it has seen a few of them", () => {
    // each is in bounds: some hundred bytes whose columns are cut into 59049 blocks
    const shape = new Array<number>(8).fill(7);
    const first = key.segments[0]!;
    const columns = first.system.columns.filter((c) => c.kind === "public").map((c) => ({ ...c }));
    const weights = Array.from({ length: 9 }, () => ({ name: "", kind: "weight" as const, shape, range: [0, 1] as const }));
    const [inputColumn, outputColumn] = ["x", "output"].map((name) => columns.findIndex((c) => c.name === name)) as [number, number];
    const parameters = { ...first.parameters, rowBits: 12, folds: [4, 4], finalBits: 4 };
    const system = { axes: [], columns: [...columns, ...weights], constraints: [], tables: [], lookups: [] };
    const heavy = { ...first, parameters, system, inputColumn, outputColumn };
    expect(encodeSegmentedKey({ ...key, segments: [heavy] }).length).toBeLessThan(2000);
    const of = (count: number) => () => prepareSegments({ ...key, segments: Array.from({ length: count }, () => ({ ...heavy })) });
    expect(of(2)).not.toThrow();
    // or public columns of 2^21 cells, which are made and absorbed once a segment
    const shapes = { x: [2 ** 21 - 1], output: [] } as const;
    const wide = {
      ...heavy,
      input: { kind: "tensor" as const, shape: shapes.x, exponent: 0, range: [-50, 50] as const },
      system: { ...system, columns: columns.map((c) => ({ ...c, shape: shapes[c.name as "x"] })) },
    };
    const segments = Array.from({ length: MAX_SEGMENTS }, () => ({ ...wide }));
    expect(() => prepareSegments({ ...key, segments })).toThrow("Segment 3 of the key asks for too much");
    const start = performance.now();
    expect(of(MAX_SEGMENTS)).toThrow("Segment 9 of the key asks for too much");
    expect(performance.now() - start).toBeLessThan(20_000); // all of them take minutes, and 20 GiB
  });

  test("gives every key its own id", () => {
    const ids = new Set(
      [key, { ...key, name: "other" }, withSegment(1, (s) => ({ ...s, name: "other" }))].map((k) => prepareSegments(k).id),
    );
    expect(ids.size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
  });
});

test("segments are not made for the Johnson regime", () => {
  expect(() =>
    segmentParameters(
      key.segments.map((s) => s.system),
      { regime: "johnson" },
    ),
  ).toThrow("Johnson");
});

describe("encodings", () => {
  test("of a key: one, without bytes left", () => {
    const bytes = encodeSegmentedKey(key);
    expect(encodeSegmentedKey(decodeSegmentedKey(bytes))).toEqual(bytes);
    expect(() => decodeSegmentedKey(Uint8Array.of(...bytes, 0))).toThrow(SyntaxError);
    for (const at of [0, 4]) expect(() => decodeSegmentedKey(bytes.with(at, 9))).toThrow(/mark|version/);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => decodeSegmentedKey(bytes.slice(0, length))).toThrow(SyntaxError);
      }),
      { numRuns: 50 },
    );
  });

  test("of a proof: one, without bytes left", () => {
    expect(encodeSegments(decodeSegments(proof))).toEqual(proof);
    const code = (bytes: Uint8Array) => {
      try {
        decodeSegments(bytes);
      } catch (error) {
        return (error as VerifyError).code;
      }
      return null;
    };
    expect(code(proof.slice(0, 11))).toBe("decode/size");
    expect(code(proof.slice(0, -1))).toBe("decode/size");
    expect(code(Uint8Array.of(...proof, 0))).toBe("decode/size");
    expect(code(proof.with(0, 0))).toBe("decode/header");
    expect(code(proof.with(4, 2))).toBe("decode/header");
    expect(code(proof.with(8, 0))).toBe("segments/count");
    expect(code(proof.with(8, 4))).toBe("decode/size");
    expect(code(proof.with(10, 1))).toBe("segments/count");
    expect(code(proof.with(15, 255))).toBe("decode/size");
    expect(() => encodeSegments([])).toThrow(RangeError);
  });
});

test("verifySegments() rejects changed bytes with VerifyError and nothing else", () => {
  fc.assert(
    fc.property(mutatedBytes(proof), (bytes) => {
      try {
        verifySegments(key, bytes, { minBits: 0 });
      } catch (error) {
        if (error instanceof VerifyError) return true;
        throw error;
      }
      return bytes.length === proof.length && bytes.every((byte, i) => byte === proof[i]);
    }),
    { numRuns: 200 },
  );
});

test("changed bytes of a key are no key, refused, or a key whose segments have other proofs", () => {
  const bytes = encodeSegmentedKey(key);
  const same = (other: SegmentedKey) => other.segments.every((s, i) => encodeKey(s).join() === encodeKey(key.segments[i]!).join());
  const outcomes = { unread: 0, refused: 0, rejected: 0 };
  fc.assert(
    fc.property(mutatedBytes(bytes), (changed) => {
      let outcome: keyof typeof outcomes = "unread";
      try {
        const read = decodeSegmentedKey(changed);
        outcome = "refused";
        prepareSegments(read);
        outcome = "rejected";
        verifySegments(read, proof, { minBits: 0 });
        return read.segments.length === key.segments.length && same(read);
      } catch (error) {
        outcomes[outcome]++;
        if (outcome === "unread") return error instanceof SyntaxError;
        if (outcome === "rejected") return error instanceof VerifyError;
        return error instanceof SyntaxError || error instanceof ModelError || error instanceof RangeError;
      }
    }),
    { numRuns: 500 },
  );
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0);
});
