import { beforeAll, describe, expect, test } from "vitest";
import { toWords } from "../backend/columns.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { webgpuBackend } from "../backend/webgpu/index.ts";
import { VerifyError } from "../errors.ts";
import { decodeProof, encodeProof } from "../proof/proof.ts";
import { log2 } from "../security/numbers.ts";
import type { Parameters } from "../security/types.ts";
import { type Hooks, hookedBackend } from "../testing/malicious.ts";
import { bytesOf, partsOf, wordsOf } from "../testing/tamper.ts";
import { columnNamed, prove, type ToyCase, WIDE_PARAMETERS } from "../testing/toy-proof.ts";
import { type SegmentedCase, segmentedCase, TOY_INPUT } from "../testing/toy-segments.ts";
import { rejectionOf } from "../testing/walker.ts";
import { describeWithGpu } from "../testing/webgpu.ts";
import { TAGS } from "../transcript/tags.ts";
import { prepareKey, verify, verifyPart } from "../verifier/verify.ts";
import { joinSegments } from "./join.ts";
import { prepareSegments, type SegmentedKey } from "./key.ts";
import { encodeSegments } from "./proof.ts";
import { verifySegments } from "./verify.ts";

let made: SegmentedCase;
let proofs: Uint8Array[];
beforeAll(async () => {
  made = await segmentedCase({ parameters: WIDE_PARAMETERS });
  proofs = await proveAll(made);
});

const proveAll = ({ parts }: SegmentedCase): Promise<Uint8Array[]> => Promise.all(parts.map((part) => prove(part)));

/** Code and path of the rejection of a proof by all segments, null if it is accepted. */
function rejection(key: SegmentedKey, parts: readonly Uint8Array[], minBits = 0): string | null {
  try {
    verifySegments(key, encodeSegments(parts), { minBits });
  } catch (error) {
    if (error instanceof VerifyError) return `${error.code} at ${error.path}`;
    throw error;
  }
  return null;
}

/** The parts of the same keys and statement whose run leaves the honest one: one cell of the state is another before the segment `at`. */
async function deviating(at: number): Promise<readonly ToyCase[]> {
  const state = [...made.parts[at]!.witness.get(columnNamed(made.parts[at]!, "state before"))!];
  return (
    await segmentedCase({ parameters: WIDE_PARAMETERS, from: { segment: at, state: Int32Array.from(state.with(3, state[3]! + 40)) } })
  ).parts;
}

describe("segments that do not belong together are rejected:", () => {
  test("a boundary of which one cell differs, though every segment holds and says the same statement", async () => {
    for (const at of [1, 2]) {
      const parts = await deviating(at);
      const all = await Promise.all(parts.map((part) => prove(part)));
      parts.forEach((part, i) => {
        expect(rejectionOf(part.key, all[i]!)).toBeNull();
      });
      expect(rejection(made.key, all)).toBe(`segments/boundary at segment ${at + 1}`);
    }
  });

  test("a segment of another run", async () => {
    const other = await proveAll(await segmentedCase({ parameters: WIDE_PARAMETERS, x: TOY_INPUT.with(0, 7) }));
    for (const i of [0, 1, 2]) {
      const mixed = proofs.with(i, other[i]!);
      expect(rejection(made.key, mixed)).toBe(`segments/statement at segment ${Math.max(i, 1) + 1}`);
    }
    // with the same statement: a segment after the first does not look at the input
    const run = await segmentedCase({ parameters: WIDE_PARAMETERS, x: TOY_INPUT.with(0, 7) });
    const { input, output } = made.parts[0]!;
    const lie = await prove(run.parts[1]!, { input, output, witness: new Map([[columnNamed(run.parts[1]!, "x"), toWords(TOY_INPUT)]]) });
    expect(rejectionOf(run.parts[1]!.key, lie)).toBeNull();
    expect(rejection(made.key, proofs.with(1, lie))).toBe("segments/boundary at segment 2");
  });

  test("another output", async () => {
    const output = (made.parts[0]!.output + 1) % 20;
    for (const i of [0, 1]) {
      const other = await prove(made.parts[i]!, { output });
      expect(rejectionOf(made.parts[i]!.key, other)).toBeNull();
      expect(rejection(made.key, proofs.with(i, other))).toBe("segments/statement at segment 2");
    }
    expect(rejectionOf(made.parts[2]!.key, await prove(made.parts[2]!, { output }))).toBe("constraint/final");
  });

  test("another order", () => {
    const [a, b, c] = proofs as [Uint8Array, Uint8Array, Uint8Array];
    expect(rejection(made.key, [b, a, c])).toBe("statement/key at segment 1: key digest");
    expect(rejection(made.key, [a, c, b])).toBe("statement/key at segment 2: key digest");
  });

  test("another order of segments with one key between them", async () => {
    // all layers but the first and the last are equal here, so that the middle segments have one key
    const same = await segmentedCase({ parameters: WIDE_PARAMETERS, cuts: [1, 2, 3], equalLayers: true });
    const [a, b, c, d] = (await proveAll(same)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    expect(prepareKey(same.key.segments[1]!).digest).toEqual(prepareKey(same.key.segments[2]!).digest);
    expect(rejection(same.key, [a, b, c, d])).toBeNull();
    expect(rejection(same.key, [a, c, b, d])).toBe("segments/boundary at segment 2");
    expect(rejection(same.key, [a, b, b, d])).toBe("segments/boundary at segment 3");
  });

  test("a segment of another model", async () => {
    const other = await segmentedCase({ parameters: WIDE_PARAMETERS, seed: 2 });
    const foreign = await proveAll(other);
    for (const i of [0, 1, 2]) {
      expect(rejection(made.key, proofs.with(i, foreign[i]!))).toBe(`statement/key at segment ${i + 1}: key digest`);
      const patched = encodeProof({ ...decodeProof(foreign[i]!), key: prepareKey(made.key.segments[i]!).digest });
      expect(rejection(made.key, proofs.with(i, patched))).toMatch(/^(lookup|grind|segments)/);
    }
  });

  test("a segment missing, doubled or too many", () => {
    const [a, b, c] = proofs as [Uint8Array, Uint8Array, Uint8Array];
    for (const list of [[a, b], [b, c], [a], [a, b, b, c], [a, b, c, c]])
      expect(rejection(made.key, list)).toBe("segments/count at header");
    expect(rejection(made.key, [a, b, b])).toBe("statement/key at segment 3: key digest");
  });

  test("other roots than those that were opened", async () => {
    const middle = made.parts[1]!;
    const other = await deviating(1);
    for (const [name, tag] of [
      ["incoming root", TAGS.incomingRoot],
      ["outgoing root", TAGS.outgoingRoot],
    ] as const) {
      const rootIn = (proof: Uint8Array) => {
        const { start } = partsOf(middle.key, proof).find((p) => p.path === name)!;
        return { start, root: wordsOf(proof).slice(start, start + 8) };
      };
      const { root } = rootIn(await prove(other[1]!));
      const { start } = rootIn(proofs[1]!);
      // patched in a finished proof, and sent by a prover that goes on with it
      const patched = bytesOf(wordsOf(proofs[1]!).map((word, i) => root[i - start] ?? word));
      expect(rejection(made.key, proofs.with(1, patched))).toMatch(/^(lookup|grind).* at segment 2/);
      const hooks: Hooks = { send: (sent, words) => sent === tag && words.set(root) };
      const sent = await prove(middle, { backend: hookedBackend(hooks) });
      expect(rejection(made.key, proofs.with(1, sent))).toMatch(/^opening\/path at segment 2/);
    }
  });

  test("a lone segment that is given out as the whole", () => {
    made.parts.forEach((part, i) => {
      expect(() => verify(part.key, proofs[i]!, { minBits: 0 })).toThrow(expect.objectContaining({ code: "statement/segment" }));
      expect(() => prepareSegments({ ...made.key, segments: [part.key] })).toThrow(/boundary|begin/);
    });
  });

  test("fewer proven bits than asked for", () => {
    expect(rejection(made.key, proofs, 100)).toBe("security/bits at parameters");
  });
});

describe("honest segments", () => {
  test.each([[[]], [[3]], [[2, 3]], [[1, 2, 3, 4, 5]]])("cut at %j show the statement, at 100 bits together", async (cuts) => {
    const honest = await segmentedCase({ cuts });
    const all = await proveAll(honest);
    const { input, output } = honest.parts[0]!;
    const statement = verifySegments(honest.key, joinSegments(honest.key, all));
    expect(statement).toMatchObject({
      modelName: "toy",
      modelId: prepareSegments(honest.key).id,
      input,
      output: { index: output, label: `${output}` },
    });
    const errors = honest.key.segments.map((k) => 2 ** -prepareKey(k).plan.soundness.bits);
    expect(statement.bits).toBeCloseTo(-log2(errors.reduce((a, b) => a + b)), 9);
    expect(statement.bits).toBeGreaterThanOrEqual(100);
  });

  test("have the same bytes on the CPU backend", async () => {
    const backend = await cpuBackend({ threads: 1 });
    for (const [i, part] of made.parts.entries()) expect(await prove(part, { backend })).toEqual(proofs[i]);
    await backend.close();
  });

  const base = WIDE_PARAMETERS;
  test.each<[string, Parameters]>([
    ["boundaries wider than weights have rows", { ...base, rowBits: 1, folds: [1], finalBits: 0 }],
    ["one row", { ...base, rowBits: 0, folds: [], finalBits: 0 }],
    ["more rows than cells", { ...base, rowBits: 9, folds: [3, 4], finalBits: 2, blowup: 1 }],
  ])("are accepted with %s", async (_, parameters) => {
    const honest = await segmentedCase({ parameters });
    expect(rejection(honest.key, await proveAll(honest))).toBeNull();
  });

  test("send a root for each boundary that they have", () => {
    const roots = made.parts.map((part, i) => {
      const { incoming, outgoing } = verifyPart(part.key, proofs[i]!, { minBits: 0 });
      return [incoming, outgoing];
    });
    expect(roots.map((pair) => pair.map((root) => root === null))).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
    expect([roots[1]![0], roots[2]![0]]).toEqual([roots[0]![1], roots[1]![1]]);
  });
});

describe("joinSegments()", () => {
  test("takes the parts in any order", () => {
    const [a, b, c] = proofs as [Uint8Array, Uint8Array, Uint8Array];
    expect(joinSegments(made.key, [c, a, b])).toEqual(encodeSegments(proofs));
  });

  test("names the segment that does not fit", async () => {
    const [a, b, c] = proofs as [Uint8Array, Uint8Array, Uint8Array];
    expect(() => joinSegments(made.key, [a, c])).toThrow("There is no proof of segment 2 of 3");
    expect(() => joinSegments(made.key, [a, b.slice(4), c])).toThrow("decode/header at proof 2: header");
    expect(() => joinSegments(made.key, [a, b, c, b])).toThrow("Proof 4 is of segment 2, which has one already");
    const foreign = await proveAll(await segmentedCase({ parameters: WIDE_PARAMETERS, seed: 2 }));
    expect(() => joinSegments(made.key, [a, b, c, foreign[0]!])).toThrow("Proof 4 is of no segment of this key");
    const other = await Promise.all((await deviating(2)).map((part) => prove(part)));
    expect(() => joinSegments(made.key, other)).toThrow(/begin with the values.*segment 3/);
  });
});

await describeWithGpu("segments on WebGPU", () => {
  test("have the same bytes", async () => {
    const backend = await webgpuBackend();
    for (const [i, part] of made.parts.entries()) expect(await prove(part, { backend })).toEqual(proofs[i]);
    await backend.close();
  });
});
