import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import { cpuBackend } from "./backend/cpu/index.ts";
import { referenceBackend } from "./backend/reference/index.ts";
import { webgpuBackend } from "./backend/webgpu/index.ts";
import { commitDecoder, proveTokens } from "./decoder.ts";
import {
  commitSegments,
  type ProvenSegments,
  planSegments,
  proveSegment,
  proveSegments,
  type SegmentPlan,
  statementOf,
} from "./decoder-segments.ts";
import { ModelError, VerifyError } from "./errors.ts";
import { commitUnder } from "./prover/commit.ts";
import { proveSystem } from "./prover/prove.ts";
import { joinSegments } from "./segments/join.ts";
import { prepareSegments, type SegmentedKey } from "./segments/key.ts";
import { decodeSegments, encodeSegments } from "./segments/proof.ts";
import { verifySegments } from "./segments/verify.ts";
import { type TokenStatement, tokenBytes } from "./statement/tokens.ts";
import { smallProgram } from "./testing/decoder.ts";
import { describeWithGpu } from "./testing/webgpu.ts";
import { verify, verifyPart } from "./verifier/verify.ts";

const PROMPT = [1, 8, 15];
const COUNT = 3;
/** The last position is past every token that is claimed. */
const POSITIONS = 6;
const decoder = { name: "small decoder", program: smallProgram() };

let backend: Backend;
let plan: SegmentPlan;
let made: ProvenSegments;
let parts: Uint8Array[];
beforeAll(async () => {
  backend = await cpuBackend({ threads: 1 });
  plan = planSegments(decoder, POSITIONS, 3);
  made = await proveSegments(plan, PROMPT, COUNT, { backend, check: true });
  parts = decodeSegments(made.proof);
}, 60_000);
afterAll(() => backend.close());

function rejection(key: SegmentedKey, proofs: readonly Uint8Array[]): string | null {
  try {
    verifySegments(key, encodeSegments(proofs));
  } catch (error) {
    if (error instanceof VerifyError) return `${error.code} at ${error.path}`;
    throw error;
  }
  return null;
}

/** A proof of segment `k` of `other` that says a statement, from the states of another run of it. */
async function lying(other: SegmentPlan, k: number, said: TokenStatement, ran: TokenStatement, change?: (state: Int32Array[]) => void) {
  const raw = (statement: TokenStatement) => ({ input: tokenBytes(statement), output: statement.generated.length });
  let states: readonly Int32Array[] | null = null;
  for (let before = 0; before < k; before++) states = other.segment(before).run(raw(ran), states).outgoing;
  const incoming = states?.map((row) => row.slice()) ?? null;
  if (incoming !== null) change?.(incoming);
  const { built, form, run } = other.segment(k);
  const { verifying, weights } = await commitUnder(built, { name: decoder.name, ...form }, other.parameters[k]!, backend);
  const columns = run(raw(said), incoming).witness();
  const proof = await proveSystem(verifying, weights, { ...raw(said), witness: (id) => toWords(columns.get(id)!) }, { backend });
  return { verifying, proof };
}

describe("a decoder in segments", () => {
  test.each([1, 2, 3])("in %i: shows the statement of the whole", async (count) => {
    const some = count === 3 ? made : await proveSegments(planSegments(decoder, POSITIONS, count), PROMPT, COUNT, { backend });
    const whole = await proveTokens(await commitDecoder(decoder, POSITIONS, { backend }), PROMPT, COUNT, { backend });
    const { modelId, bits, ...shown } = verifySegments(some.key, some.proof);
    const { modelId: _, bits: __, ...expected } = verify((await commitDecoder(decoder, POSITIONS, { backend })).verifying, whole.proof);
    expect(shown).toEqual(expected);
    expect(modelId).toBe(prepareSegments(some.key).id);
    expect(bits).toBeGreaterThanOrEqual(100);
    expect(some.statement).toEqual(whole.statement);
  });

  test("is proven in separate processes and joined", async () => {
    const key = await commitSegments(plan, { backend });
    expect(prepareSegments(key).id).toBe(prepareSegments(made.key).id);
    const statement = await statementOf(plan, PROMPT, COUNT, { backend });
    const proofs = [];
    for (const k of [2, 0, 1]) proofs.push((await proveSegment(planSegments(decoder, POSITIONS, 3), k, statement, { backend })).proof);
    expect(joinSegments(key, proofs)).toEqual(made.proof);
    await expect(proveSegment(plan, 3, statement, { backend })).rejects.toThrow("There is no segment 4 of 3");
  });

  test("has the same bytes on the reference backend", async () => {
    const reference = await proveSegments(planSegments(decoder, POSITIONS, 3), PROMPT, COUNT, { backend: referenceBackend() });
    expect(reference.proof).toEqual(made.proof);
  }, 60_000);

  test("is not proven to continue otherwise, nor past its positions, nor in the Johnson regime", async () => {
    const { generated } = made.statement;
    const wrong = [(generated[0]! + 1) % 23, ...generated.slice(1)];
    await expect(proveSegments(plan, PROMPT, wrong, { backend })).rejects.toThrow(ModelError);
    await expect(proveSegments(plan, PROMPT, POSITIONS, { backend })).rejects.toThrow(RangeError);
    expect(() => planSegments(decoder, POSITIONS, 2, { regime: "johnson" })).toThrow("Johnson");
    expect(() => planSegments(decoder, POSITIONS, 4)).toThrow("3 layers");
  });
});

describe("is rejected:", () => {
  test("a state that is another one after the boundary, though every segment holds", async () => {
    for (const k of [1, 2]) {
      const other = await lying(plan, k, made.statement, made.statement, (state) => {
        state[POSITIONS - 1]![5] = state[POSITIONS - 1]![5]! + 1;
      });
      expect(() => verifyPart(other.verifying, other.proof)).not.toThrow();
      const mixed = parts.with(k, other.proof);
      expect(rejection(made.key, mixed)).toBe(`segments/boundary at segment ${k + 1}`);
    }
  });

  test("a segment of another prompt's run, honest or given out as this one's", async () => {
    const run = await statementOf(plan, [2, 8, 15], COUNT, { backend });
    const honest = await proveSegment(plan, 1, run, { backend });
    expect(rejection(made.key, parts.with(1, honest.proof))).toBe("segments/statement at segment 2");
    const lie = await lying(plan, 1, made.statement, run);
    expect(() => verifyPart(lie.verifying, lie.proof)).not.toThrow();
    expect(rejection(made.key, parts.with(1, lie.proof))).toBe("segments/boundary at segment 2");
  });

  test("another prompt for the first segment, or another number of generated tokens", async () => {
    const { prompt, generated } = made.statement;
    const first = await proveSegment(plan, 0, await statementOf(plan, [2, 8, 15], COUNT, { backend }), { backend });
    expect(rejection(made.key, parts.with(0, first.proof))).toBe("segments/statement at segment 2");
    const fewer = { prompt: [...prompt, generated[0]!], generated: generated.slice(1) };
    for (const k of [0, 1, 2]) {
      const { proof } = await proveSegment(plan, k, fewer, { backend });
      expect(rejection(made.key, parts.with(k, proof))).toBe(`segments/statement at segment ${Math.max(k, 1) + 1}`);
    }
  });

  test("another order, a segment missing or doubled, a lone one", () => {
    const [a, b, c] = parts as [Uint8Array, Uint8Array, Uint8Array];
    expect(rejection(made.key, [b, a, c])).toBe("statement/key at segment 1: key digest");
    expect(rejection(made.key, [a, c, b])).toBe("statement/key at segment 2: key digest");
    expect(rejection(made.key, [a, c])).toBe("segments/count at header");
    expect(rejection(made.key, [a, b, b, c])).toBe("segments/count at header");
    parts.forEach((part, k) => {
      expect(() => verify(made.key.segments[k]!, part)).toThrow(expect.objectContaining({ code: "statement/segment" }));
    });
  });

  test("a segment of a model with another weight", async () => {
    for (const k of [0, 1, 2]) {
      const weight = decoder.program.down.weight.slice();
      const at = (k * weight.length) / 3;
      weight[at] = weight[at]! + 1;
      const other = planSegments({ ...decoder, program: { ...decoder.program, down: { ...decoder.program.down, weight } } }, POSITIONS, 3);
      const said = await statementOf(other, PROMPT, COUNT, { backend });
      const { proof } = await lying(other, k, said, said);
      expect(rejection(made.key, parts.with(k, proof))).toBe(`statement/key at segment ${k + 1}: key digest`);
    }
  });
});

test("witnesses that are made on the device give the same bytes", async () => {
  const device: Backend = { ...backend, witness: "device" };
  expect((await proveSegments(plan, PROMPT, COUNT, { backend: device })).proof).toEqual(made.proof);
  const wrong = made.statement.generated.with(2, (made.statement.generated[2]! + 1) % 23);
  await expect(proveSegments(plan, PROMPT, wrong, { backend: device })).rejects.toThrow(ModelError);
}, 60_000);

await describeWithGpu("a decoder in segments on WebGPU", () => {
  test("has the same bytes", async () => {
    const gpu = await webgpuBackend();
    expect((await proveSegments(plan, PROMPT, COUNT, { backend: gpu, check: true })).proof).toEqual(made.proof);
    await gpu.close();
  }, 120_000);
});
