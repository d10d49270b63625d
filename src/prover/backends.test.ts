/** Proof bytes are a function of key, statement and witness alone: the same on the reference and on WebAssembly with one, two and three threads. */
import { expect, test } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { encodeKey } from "../proof/key.ts";
import { layeredProver } from "../testing/layered.ts";
import { verify } from "../verifier/verify.ts";

async function keyAndProof(backend: Backend): Promise<{ key: Uint8Array; proof: Uint8Array }> {
  const { key, prove } = await layeredProver(backend, 3, 12);
  const proof = await prove();
  await backend.close();
  verify(key, proof);
  return { key: encodeKey(key), proof };
}

test("keys and proofs have the same bytes on every CPU backend and number of threads", async () => {
  const expected = await keyAndProof(referenceBackend());
  for (const threads of [1, 2, 3]) {
    const { key, proof } = await keyAndProof(await cpuBackend({ threads }));
    expect(Buffer.compare(key, expected.key), `key, ${threads} threads`).toBe(0);
    expect(Buffer.compare(proof, expected.proof), `proof, ${threads} threads`).toBe(0);
  }
}, 120_000);
