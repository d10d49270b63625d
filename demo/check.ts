/** Verifies a proof's bytes against the keys that the page knows. Runs in the page itself: a proof is checked in milliseconds. */
import { idOf } from "../src/proof/key.ts";
import { decodeProof } from "../src/proof/proof.ts";
import { type Statement, type VerifyingKey, verify, VerifyError } from "../src/verify.ts";
import type { Keys } from "./keys.ts";

export interface Verdict {
  readonly statement: Statement;
  readonly key: VerifyingKey;
  readonly seconds: number;
}

/** @throws VerifyError if the proof is rejected, with statement/key where no known key has the digest that it names; Error if the keys cannot be fetched */
export async function check(proof: Uint8Array, keys: Keys): Promise<Verdict> {
  const id = idOf(decodeProof(proof).key);
  const key = keys.get(id) ?? (await keys.bundled().then(() => keys.get(id)));
  if (!key) throw new VerifyError("statement/key", "key digest");
  const start = performance.now();
  const statement = verify(key, proof);
  return { statement, key, seconds: (performance.now() - start) / 1000 };
}
