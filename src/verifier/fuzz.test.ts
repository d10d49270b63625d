import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeKey, type VerifyingKey } from "../proof/key.ts";
import { encodeProof } from "../proof/proof.ts";
import { mutatedBytes, mutatedKey, outcomeUnder, rejectsSafely, validPrefix } from "../testing/fuzz.ts";
import { prove, type ToyCase, wideCase, withoutWork } from "../testing/toy-proof.ts";
import { rejectionOf } from "../testing/walker.ts";
import { prepareKey } from "./verify.ts";

let made: ToyCase;
let proof: Uint8Array;
beforeAll(async () => {
  made = await withoutWork(await wideCase());
  proof = await prove(made);
});

describe("verify() rejects with VerifyError and nothing else", () => {
  test("random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => rejectsSafely(made.key, proof, bytes)),
      { numRuns: 300 },
    );
  });

  test("random words behind a header that is right", () => {
    const header = { suite: 1, key: prepareKey(made.key).digest, input: made.input, output: made.output };
    const words = fc.array(fc.oneof(fc.integer({ min: 0, max: 0x7ffffffe }), fc.constantFrom(0, 0xffffffff)), { maxLength: 600 });
    fc.assert(
      fc.property(words, (list) => rejectsSafely(made.key, proof, encodeProof({ ...header, words: Uint32Array.from(list) }))),
      { numRuns: 200 },
    );
  });

  test("a valid beginning and a random rest", () => {
    fc.assert(
      fc.property(validPrefix(proof), (bytes) => rejectsSafely(made.key, proof, bytes)),
      { numRuns: 200 },
    );
  });

  test("a proof with a few changes", () => {
    fc.assert(
      fc.property(mutatedBytes(proof), (bytes) => rejectsSafely(made.key, proof, bytes)),
      { numRuns: 200 },
    );
  });

  test("a proof of a key whose numbers were changed", () => {
    const same = (key: VerifyingKey) => encodeKey(key).join() === encodeKey(made.key).join();
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(mutatedKey(made.key), (key) => {
        const outcome = outcomeUnder(key, proof);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        return outcome !== "accepted" || same(key);
      }),
      { numRuns: 500 },
    );
    for (const outcome of ["refused", "rejected"]) expect(outcomes.get(outcome)).toBeGreaterThan(40);
  });

  test("an input length that no file can have, and a file that is too large", () => {
    const words = (length: number) => {
      const bytes = proof.slice();
      new DataView(bytes.buffer).setUint32(48, length, true);
      return bytes;
    };
    for (const length of [0xffffffff, 0x80000000, 4 * 2 ** 20 + 1, proof.length])
      expect(rejectionOf(made.key, words(length))).toBe("decode/size");
    expect(rejectionOf(made.key, new Uint8Array(64 * 2 ** 20 + 4))).toBe("decode/size");
  });

  test("input bytes that are padded with anything but zeros", () => {
    const decoded = {
      suite: 1,
      key: prepareKey(made.key).digest,
      input: made.input.slice(0, 5),
      output: made.output,
      words: new Uint32Array(3),
    };
    const bytes = encodeProof(decoded);
    expect(rejectionOf(made.key, bytes)).toBe("statement/input");
    expect(rejectionOf(made.key, bytes.with(52 + 5, 1))).toBe("decode/noncanonical");
  });
});
