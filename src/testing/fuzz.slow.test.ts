/** What the quick tests sample, at length: every word of two proofs changed in every way, and ten times the hostile bytes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeKey } from "../proof/key.ts";
import { decodesSafely, mutatedBytes, rejectsSafely, validPrefix } from "./fuzz.ts";
import { prove, toyCase, wideCase, withoutWork } from "./toy-proof.ts";
import { walk } from "./walker.ts";

const MINUTES = 60_000;

test.each([toyCase, wideCase])(
  "every word of a proof changed in every way is rejected with a code of the table: %o",
  { timeout: 10 * MINUTES },
  async (make) => {
    const made = await make();
    const all = [...walk(made.key, await prove(made), ({ start, count }) => Array.from({ length: count }, (_, i) => start + i))];
    expect(all.filter((v) => v.code === null || !v.allowed.includes(v.code))).toEqual([]);
    expect(all.length).toBeGreaterThan(5000);
  },
);

test("hostile proofs are rejected with VerifyError and nothing else", { timeout: 10 * MINUTES }, async () => {
  for (const made of [await withoutWork(await wideCase()), await withoutWork(await toyCase())]) {
    const proof = await prove(made);
    for (const bytes of [validPrefix(proof), mutatedBytes(proof)])
      fc.assert(
        fc.property(bytes, (b) => rejectsSafely(made.key, proof, b)),
        { numRuns: 4000 },
      );
  }
});

test("hostile keys are refused with the errors that are documented", { timeout: 10 * MINUTES }, async () => {
  for (const made of [await wideCase(), await toyCase()])
    fc.assert(fc.property(mutatedBytes(encodeKey(made.key)), decodesSafely), { numRuns: 6000 });
});
