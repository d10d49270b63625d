/** Rounds, proof size and verifying time of 2, 8 and 32 equal layers: they grow with the logarithm of the layers. Prints one line a network. */
import { fileURLToPath } from "node:url";
import { toWords } from "../backend/columns.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { fillDerived } from "../model/witness.ts";
import { commitSystem } from "../prover/commit.ts";
import { proveSystem } from "../prover/prove.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { layeredNetwork } from "../testing/layered.ts";
import { prepareKey, verify } from "../verifier/verify.ts";

const WIDTH = 48;

/** One row of the table. */
export async function measureLayers(layers: number): Promise<Record<string, number | string>> {
  const backend = await cpuBackend();
  const { built, input, output, run } = layeredNetwork(layers, WIDTH);
  const description = {
    name: `${layers} layers`,
    input: { kind: "tensor", shape: [WIDTH], exponent: 0, range: [0, 2 ** 11 - 1] } as const,
    inputColumn: input,
    output: { labels: Array.from({ length: WIDTH }, (_, i) => `${i}`) },
    outputColumn: output,
  };
  const { verifying, weights } = await commitSystem(built, description, backend);
  const x = Int32Array.from({ length: WIDTH }, (_, i) => (i * 677) % 2048);
  const { output: index, columns } = run(x);
  const witness = columns.set(input, x).set(output, Int32Array.of(index));
  fillDerived(built, witness);
  const assignment = { input: tensorBytes(x), output: index, witness: (id: number) => toWords(witness.get(id) ?? new Int32Array()) };
  let start = performance.now();
  const proof = await proveSystem(verifying, weights, assignment, { backend });
  const proving = performance.now() - start;
  verify(verifying, proof);
  start = performance.now();
  const { bits } = verify(verifying, proof);
  const verifying_ = performance.now() - start;
  await backend.close();
  const { plan } = prepareKey(verifying);
  return {
    layers,
    weights: layers * WIDTH * WIDTH,
    "look-up tree": plan.lookups.bits,
    "constraint rounds": plan.constraints.rounds,
    evaluations: plan.lookups.evaluations.length + plan.constraints.constant.length + plan.constraints.round.length,
    "proof KiB": (proof.length / 1024).toFixed(1),
    "proving ms": proving.toFixed(0),
    "verifying ms": verifying_.toFixed(1),
    bits: bits.toFixed(1),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = [];
  for (const layers of [2, 8, 32]) rows.push(await measureLayers(layers));
  console.table(rows);
}
