/** Keys that say absurd things of an encoder's or a decoder's statements, or ask for other public columns than those of the system: refused before a proof is read, and at once. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { referenceBackend } from "../backend/reference/index.ts";
import { ModelError } from "../errors.ts";
import { decodeKey, encodeKey, type VerifyingKey } from "../proof/key.ts";
import type { EmbeddingEncoding } from "../statement/embedding.ts";
import { embeddingBytes } from "../statement/embedding.ts";
import type { TokenEncoding } from "../statement/tokens.ts";
import { ARCHITECTURES, FEW_BITS, smallProgram } from "../testing/decoder.ts";
import { decoderCase } from "../testing/decoder-proof.ts";
import { type EncoderCase, encoderCase } from "../testing/encoder-proof.ts";
import { mutatedKey, outcomeUnder } from "../testing/fuzz.ts";
import { columnNamed, prove, withoutWork } from "../testing/toy-proof.ts";
import { rejectionOf } from "../testing/walker.ts";
import { prepareKey } from "./verify.ts";

let made: EncoderCase;
let decoder: VerifyingKey;
beforeAll(async () => {
  const { config, biases } = ARCHITECTURES.bert!;
  const full = await encoderCase(referenceBackend(), smallProgram({ ...config, layers: 1 }, FEW_BITS, biases), [1, 8, 15], 5);
  made = { ...full, ...(await withoutWork(full)) };
  decoder = (await decoderCase(referenceBackend(), [1, 8], 2, 5)).key;
});

/** Whether a key, decoded anew, is refused as one that contradicts itself; in no more than a second. */
function refusal(key: VerifyingKey): unknown {
  const read = decodeKey(encodeKey(key));
  const start = performance.now();
  try {
    prepareKey(read);
  } catch (error) {
    expect(performance.now() - start).toBeLessThan(1000);
    return error;
  }
  return null;
}
const saying = (change: Partial<EmbeddingEncoding>): VerifyingKey => ({
  ...made.key,
  input: { ...(made.key.input as EmbeddingEncoding), ...change },
});
const id = (name: string) => columnNamed(made, name);

test("an honest key is not refused", () => {
  expect(refusal(made.key)).toBeNull();
  expect(refusal(decoder)).toBeNull();
});

describe("a key is refused whose encoding", () => {
  test.each<[string, () => VerifyingKey]>([
    ["has no position", () => saying({ positions: 0 })],
    ["has another number of positions", () => saying({ positions: 6 })],
    ["has most positions", () => saying({ positions: 2 ** 32 - 1 })],
    ["has no width", () => saying({ width: 0 })],
    ["has another width", () => saying({ width: 15 })],
    ["has most width", () => saying({ width: 2 ** 32 - 1 })],
    ["has another limit", () => saying({ limit: (made.key.input as EmbeddingEncoding).limit - 1 })],
    ["has most limit", () => saying({ limit: 2 ** 32 - 1 })],
    ["has more tokens", () => saying({ vocabulary: 24 })],
    ["has most tokens", () => saying({ vocabulary: 2 ** 32 - 1 })],
    ["marks the tokens' column", () => saying({ presentColumn: made.key.inputColumn })],
    ["marks the embedding's column", () => saying({ presentColumn: made.key.outputColumn })],
    ["marks a witness column", () => saying({ presentColumn: id("stateLow") })],
    ["marks a weight", () => saying({ presentColumn: id("embedding") })],
    ["marks no column", () => saying({ presentColumn: 2 ** 32 - 1 })],
    ["reads and writes one column", () => ({ ...made.key, outputColumn: made.key.inputColumn })],
    ["reads what is present", () => ({ ...made.key, inputColumn: id("present") })],
    ["exchanges two of three columns", () => ({ ...saying({ presentColumn: made.key.inputColumn }), inputColumn: id("present") })],
    ["has labels", () => ({ ...made.key, output: { labels: ["a"] } })],
    ["is a decoder's", () => ({ ...made.key, input: { kind: "tokens", vocabulary: 23, positions: 5 } })],
    [
      "is a tensor's",
      () => ({ ...made.key, input: { kind: "tensor", shape: [5], exponent: 0, range: [0, 22] }, output: { labels: ["a"] } }),
    ],
    ["is an encoder's, of a decoder", () => ({ ...decoder, input: made.key.input })],
    ["has most tokens, of a decoder", () => ({ ...decoder, input: { ...(decoder.input as TokenEncoding), vocabulary: 2 ** 32 - 1 } })],
    ["has more positions, of a decoder", () => ({ ...decoder, input: { ...(decoder.input as TokenEncoding), positions: 6 } })],
  ])("%s", (_, key) => {
    const error = refusal(key());
    expect(error).toBeInstanceOf(ModelError);
  });
});

test("a key with marks that may be more than 1 is refused", () => {
  const columns = made.key.system.columns.map((c) => (c.name === "present" ? { ...c, range: [0, 2] as const } : c));
  expect(refusal({ ...made.key, system: { ...made.key.system, columns } })).toBeInstanceOf(ModelError);
});

test("scales that a statement is only shown in may be anything: no proof rests on them, but another key is another model", async () => {
  const other = saying({ exponent: -(2 ** 31) });
  expect(refusal(other)).toBeNull();
  expect(rejectionOf(other, await prove(made))).toBe("statement/key");
});

test("an encoder's proof is one of its statement alone", async () => {
  const { tokens, cells } = made.statement;
  const proof = await prove(made);
  expect(rejectionOf(made.key, proof)).toBeNull();
  const words = (change: (view: DataView) => void) => {
    const bytes = proof.slice();
    change(new DataView(bytes.buffer));
    return rejectionOf(made.key, bytes);
  };
  // the output index says how many of the words are tokens
  for (const count of [0, 1, 2, 4, 5, 6, 2 ** 32 - 1]) expect(words((v) => v.setUint32(44, count, true))).toBe("statement/input");
  expect(words((v) => v.setUint32(52, 23, true))).toBe("statement/input");
  // a cell that is congruent to the one proven is another cell
  const p = 2 ** 31 - 1;
  const at = 52 + 4 * (tokens.length + 1);
  const congruent = cells[1]! < 0 ? cells[1]! + p : cells[1]! - p;
  expect(words((v) => v.setInt32(at, congruent, true))).toBe("statement/input");
  const same = embeddingBytes({ tokens, cells });
  expect(new Uint8Array(proof.buffer, proof.byteOffset + 52, same.length)).toEqual(same);
});

test("a proof is none under a key whose numbers were changed, and no such key stalls the verifier", async () => {
  const proof = await prove(made);
  let slowest = 0;
  fc.assert(
    fc.property(mutatedKey(made.key), (key) => {
      const start = performance.now();
      const outcome = outcomeUnder(key, proof);
      slowest = Math.max(slowest, performance.now() - start);
      return outcome !== "accepted" || encodeKey(key).join() === encodeKey(made.key).join();
    }),
    { numRuns: 200 },
  );
  expect(slowest).toBeLessThan(5000);
});
