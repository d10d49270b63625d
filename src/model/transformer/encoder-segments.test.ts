/** An encoder in segments (SPEC §13.4): every segment speaks of one text and one embedding, and each begins with the states that the one before it ended with. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { toWords } from "../../backend/columns.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { VerifyError } from "../../errors.ts";
import { FORMAT_VERSION } from "../../proof/key.ts";
import { type Committed, commitUnder } from "../../prover/commit.ts";
import { proveSystem } from "../../prover/prove.ts";
import { segmentParameters } from "../../prover/segments.ts";
import type { SegmentedKey } from "../../segments/key.ts";
import { encodeSegments } from "../../segments/proof.ts";
import { verifySegments } from "../../segments/verify.ts";
import { embeddingBytes } from "../../statement/embedding.ts";
import { ARCHITECTURES, FEW_BITS, SMALL, smallProgram } from "../../testing/decoder.ts";
import { embed } from "./compile.ts";
import { type CompiledSegment, compileSegment, type RawStatement } from "./compile-segment.ts";
import { layerGroups, segmentProgram } from "./segment.ts";

const POSITIONS = 5;
const { config, biases } = ARCHITECTURES.bert!;
const program = smallProgram(config, FEW_BITS, biases);

let backend: Backend;
let key: SegmentedKey;
let committed: readonly Committed[];
const segments: readonly CompiledSegment[] = layerGroups(SMALL.layers, 3).map((range) =>
  compileSegment(segmentProgram(program, range), POSITIONS),
);
beforeAll(async () => {
  backend = await cpuBackend({ threads: 1 });
  const parameters = segmentParameters(
    segments.map((s) => s.built.system),
    { bits: 30 },
  );
  committed = await Promise.all(
    segments.map(({ built, form }, k) => commitUnder(built, { name: "bert", ...form }, parameters[k]!, backend)),
  );
  key = { version: FORMAT_VERSION, name: "bert", segments: committed.map((c) => c.verifying) };
});
afterAll(() => backend.close());

const statementOf = (text: readonly number[]): RawStatement => ({ input: embeddingBytes(embed(program, text)), output: text.length });

/** The states before every segment in an honest run. */
function statesOf(statement: RawStatement): (readonly Int32Array[] | null)[] {
  const states: (readonly Int32Array[] | null)[] = [null];
  for (const segment of segments) states.push(segment.run(statement, states.at(-1)!).outgoing);
  return states;
}

/** The proof of segment k of a statement, from any states; where a last segment's embedding is not the statement's, of the columns of `ran`. */
async function proofOf(k: number, said: RawStatement, states: readonly Int32Array[] | null, ran = said): Promise<Uint8Array> {
  const columns = segments[k]!.run(ran, states).witness();
  const { verifying, weights } = committed[k]!;
  return proveSystem(verifying, weights, { ...said, witness: (id) => toWords(columns.get(id)!) }, { backend });
}

function rejection(proofs: readonly Uint8Array[]): string | null {
  try {
    verifySegments(key, encodeSegments(proofs), { minBits: 0 });
  } catch (error) {
    if (error instanceof VerifyError) return `${error.code} at ${error.path}`;
    throw error;
  }
  return null;
}

const SAID = statementOf([1, 8, 15]);

test("is rejected unless all segments are of one text, one embedding and one chain of states", async () => {
  const states = statesOf(SAID);
  const honest = await Promise.all([0, 1, 2].map((k) => proofOf(k, SAID, states[k]!)));
  expect(rejection(honest)).toBeNull();
  expect(verifySegments(key, encodeSegments(honest), { minBits: 0 }).embedding?.tokens).toEqual([1, 8, 15]);

  // another text of the same length, honest and given out as this one's
  const other = statementOf([1, 8, 16]);
  const theirs = statesOf(other);
  expect(rejection(honest.with(1, await proofOf(1, other, theirs[1]!)))).toBe("segments/statement at segment 2");
  expect(rejection(honest.with(1, await proofOf(1, SAID, theirs[1]!)))).toBe("segments/boundary at segment 2");
  // all segments of the other text but the first, which alone reads tokens
  const late = await Promise.all([0, 1].map((k) => proofOf(k, SAID, (k === 0 ? states : theirs)[k]!)));
  const last = await proofOf(2, SAID, theirs[2]!, other);
  expect(rejection([...late, last])).toBe("segments/boundary at segment 2");

  // one token more is read, where the positions left over read the first one again: the same tokens' column, another mask
  const longer = statementOf([1, 8, 15, 1]);
  expect(rejection(honest.with(1, await proofOf(1, longer, statesOf(longer)[1]!)))).toBe("segments/statement at segment 2");
  // a segment that attends as if the text were longer does not hold
  const seen = await proofOf(1, SAID, states[1]!, longer);
  expect(rejection(honest.with(1, seen))).toBe("constraint/final at segment 2: constraint sumcheck");

  // another embedding in the last segment, or in all of them
  const wrong = { ...SAID, input: SAID.input.with(12, SAID.input[12]! ^ 1) };
  expect(rejection(honest.with(2, await proofOf(2, wrong, states[2]!, SAID)))).toBe("constraint/final at segment 3: constraint sumcheck");
  const all = await Promise.all([0, 1, 2].map((k) => proofOf(k, wrong, states[k]!, SAID)));
  expect(rejection(all)).toBe("constraint/final at segment 3: constraint sumcheck");
}, 60_000);
