/** Checks that every runtime runs: known answers where engines could differ, and one proof from end to end. Each throws if it fails. */

import { toWords } from "../backend/columns.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { VerifyError } from "../errors.ts";
import { scalarProducts } from "../model/products/products.ts";
import { simdProducts } from "../model/products/simd.ts";
import { fillDerived } from "../model/witness.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { commitSystem } from "../prover/commit.ts";
import { proveSystem } from "../prover/prove.ts";
import { chooseParameters } from "../security/parameters.ts";
import type { Parameters, Shape } from "../security/types.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { verify } from "../verifier/verify.ts";
import { toyNetwork } from "./toy.ts";

export interface PlatformCheck {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

const SHAPE: Omit<Shape, "widths"> = {
  lookupBits: 20,
  lookups: 900_000,
  maxLookupArity: 2,
  constraintCount: 20,
  rhoBits: 60,
  constraintRounds: 14,
  constraintDegree: 3,
  claims: 80,
};

/** Parameters are part of a key: every engine has to choose the same. */
const CHOSEN: readonly { readonly cells: readonly number[]; readonly parameters: Omit<Parameters, "regime"> }[] = [
  {
    cells: [1_000, 1_000],
    parameters: { rowBits: 6, blowup: 1, folds: [], finalBits: 6, queries: 203, grinding: { lookup: 0, fold: 0, query: 16 } },
  },
  {
    cells: [800_000, 3_000_000],
    parameters: { rowBits: 16, blowup: 2, folds: [4, 3], finalBits: 9, queries: 125, grinding: { lookup: 0, fold: 0, query: 16 } },
  },
  {
    cells: [270_000_000, 100_000_000],
    parameters: { rowBits: 22, blowup: 1, folds: [4, 3, 3, 3], finalBits: 9, queries: 204, grinding: { lookup: 0, fold: 4, query: 16 } },
  },
];

export async function proveToy(): Promise<{ readonly key: VerifyingKey; readonly proof: Uint8Array; readonly output: number }> {
  const toy = toyNetwork();
  const backend = referenceBackend();
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
  const values = (id: number): Uint32Array => toWords(witness.get(id) ?? new Int32Array());
  const proof = await proveSystem(verifying, weights, { input: tensorBytes(x), output, witness: values }, { backend });
  return { key: verifying, proof, output };
}

function ensure(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

export const PLATFORM_CHECKS: readonly PlatformCheck[] = [
  ...CHOSEN.map(({ cells, parameters }) => ({
    name: `parameters for ${cells.join(" + ")} cells are those of every engine`,
    run: () => {
      const chosen = chooseParameters(SHAPE, cells);
      const fields = (p: object): string => JSON.stringify(Object.entries(p).sort(([x], [y]) => (x < y ? -1 : 1)));
      ensure(fields(chosen) === fields({ regime: "unique-decoding", ...parameters }), `chose ${JSON.stringify(chosen)}`);
    },
  })),
  {
    name: "products in WebAssembly SIMD are the definition's",
    run: () => {
      const [outputs, inputs] = [70, 101];
      const words = (count: number, bits: number): Int32Array =>
        Int32Array.from({ length: count }, (_, k) => Math.imul(k + 1, 0x9e3779b1) >> (32 - bits));
      const [weight, x] = [words(outputs * inputs, 20), words(3 * inputs, 18)];
      const made = simdProducts()?.add(weight, outputs, inputs).times(x);
      ensure(made !== undefined, "there are none");
      ensure(String(made) === String(scalarProducts().add(weight, outputs, inputs).times(x)), "they differ");
    },
  },
  {
    name: "a proof is made and accepted, and a changed one is rejected",
    run: async () => {
      const { key, proof, output } = await proveToy();
      ensure(verify(key, proof).output.index === output, "another output was accepted");
      const changed = proof.slice();
      changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
      let rejected = false;
      try {
        verify(key, changed);
      } catch (error) {
        rejected = error instanceof VerifyError;
      }
      ensure(rejected, "a changed proof was accepted");
    },
  },
];
