import { describe, expect, test } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { VerifyError } from "../errors.ts";
import { fillDerived } from "../model/witness.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { toyNetwork } from "../testing/toy.ts";
import { verify } from "../verifier/verify.ts";
import { commitSystem } from "./commit.ts";
import { proveSystem } from "./prove.ts";

async function toyProof(backend: Backend, tamper?: (columns: Map<number, Int32Array>) => void) {
  const toy = toyNetwork();
  const { verifying, weights } = await commitSystem(
    toy.built,
    {
      name: "toy",
      input: { kind: "tensor", shape: [toy.inputs], exponent: 0, range: [-50, 50] },
      inputColumn: toy.input,
      output: { labels: ["a", "b", "c"] },
      outputColumn: toy.output,
    },
    backend,
  );
  const x = Int32Array.of(50, -50, 3, 17, -21);
  const { output, columns } = toy.run(x);
  const witness = columns.set(toy.input, x).set(toy.output, Int32Array.of(output));
  fillDerived(toy.built, witness);
  tamper?.(witness);
  const proof = await proveSystem(
    verifying,
    weights,
    { input: tensorBytes(x), output, witness: (id) => toWords(witness.get(id) ?? new Int32Array()) },
    { backend },
  );
  return { key: verifying, proof, output };
}

describe("proveSystem() and verify()", () => {
  test("accepts an honest proof", async () => {
    const { key, proof, output } = await toyProof(referenceBackend());
    const statement = verify(key, proof, { minBits: 100 });
    expect(statement.output.index).toBe(output);
    expect(statement.bits).toBeGreaterThanOrEqual(100);
  });

  test("rejects a changed witness cell", async () => {
    const { key, proof } = await toyProof(referenceBackend(), (columns) => {
      const [first] = columns.values();
      if (first) first[0] = (first[0] ?? 0) + 1;
    });
    expect(() => verify(key, proof)).toThrow(VerifyError);
  });
});
