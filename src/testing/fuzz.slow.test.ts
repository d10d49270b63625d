/** What the quick tests sample, at length: every word of two proofs changed in every way, and more than ten times the hostile bytes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeKey, type VerifyingKey } from "../proof/key.ts";
import { decodesSafely, mutatedBytes, mutatedKey, outcomeUnder, rejectsSafely, validPrefix } from "./fuzz.ts";
import { prove, toyCase, wideCase, withoutWork } from "./toy-proof.ts";
import { walk } from "./walker.ts";

const MINUTES = 60_000;
const CASES = { toy: () => toyCase(), wide: () => wideCase() };

test.each(Object.entries(CASES))(
  "every word of the %s proof changed in every way is rejected with a code of the table",
  { timeout: 10 * MINUTES },
  async (_, make) => {
    const made = await make();
    const all = [...walk(made.key, await prove(made), ({ start, count }) => Array.from({ length: count }, (_, i) => start + i))];
    expect(all.filter((v) => v.code === null || !v.allowed.includes(v.code))).toEqual([]);
    expect(all.length).toBeGreaterThan(5000);
  },
);

test.each(Object.entries(CASES))(
  "hostile %s proofs are rejected with VerifyError and nothing else",
  { timeout: 10 * MINUTES },
  async (_, make) => {
    const made = await withoutWork(await make());
    const proof = await prove(made);
    for (const bytes of [validPrefix(proof), mutatedBytes(proof)])
      fc.assert(
        fc.property(bytes, (b) => rejectsSafely(made.key, proof, b)),
        { numRuns: 4000 },
      );
  },
);

test.each(Object.entries(CASES))(
  "hostile %s keys are refused with the errors that are documented",
  { timeout: 10 * MINUTES },
  async (_, make) => {
    const made = await withoutWork(await make());
    const proof = await prove(made);
    const same = (key: VerifyingKey): boolean => encodeKey(key).join() === encodeKey(made.key).join();
    fc.assert(fc.property(mutatedBytes(encodeKey(made.key)), decodesSafely), { numRuns: 6000 });
    fc.assert(
      fc.property(mutatedKey(made.key), (key) => outcomeUnder(key, proof) !== "accepted" || same(key)),
      { numRuns: 6000 },
    );
  },
);
