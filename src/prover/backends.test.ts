/** Proof bytes are a function of key, statement and witness alone: the same on the reference and on WebAssembly with one, two and three threads. */
import { expect, test } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { fillDerived } from "../model/witness.ts";
import { encodeKey } from "../proof/key.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { layeredNetwork } from "../testing/layered.ts";
import { verify } from "../verifier/verify.ts";
import { commitSystem } from "./commit.ts";
import { proveSystem } from "./prove.ts";

const WIDTH = 12;

async function keyAndProof(backend: Backend): Promise<{ key: Uint8Array; proof: Uint8Array }> {
  const { built, input, output, run } = layeredNetwork(3, WIDTH);
  const description = {
    name: "three layers",
    input: { kind: "tensor", shape: [WIDTH], exponent: 0, range: [0, 2 ** 11 - 1] } as const,
    inputColumn: input,
    output: { labels: Array.from({ length: WIDTH }, (_, i) => `${i}`) },
    outputColumn: output,
  };
  const { verifying, weights } = await commitSystem(built, description, backend);
  const x = Int32Array.from({ length: WIDTH }, (_, i) => (i * 677) % 2048);
  const { output: index, columns } = run(x);
  fillDerived(built, columns.set(input, x).set(output, Int32Array.of(index)));
  const assignment = { input: tensorBytes(x), output: index, witness: (id: number) => toWords(columns.get(id) ?? new Int32Array()) };
  const proof = await proveSystem(verifying, weights, assignment, { backend });
  await backend.close();
  verify(verifying, proof);
  return { key: encodeKey(verifying), proof };
}

test("keys and proofs have the same bytes on every CPU backend and number of threads", async () => {
  const expected = await keyAndProof(referenceBackend());
  for (const threads of [1, 2, 3]) {
    const { key, proof } = await keyAndProof(await cpuBackend({ threads }));
    expect(Buffer.compare(key, expected.key), `key, ${threads} threads`).toBe(0);
    expect(Buffer.compare(proof, expected.proof), `proof, ${threads} threads`).toBe(0);
  }
}, 120_000);
