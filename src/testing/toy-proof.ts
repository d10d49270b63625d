/** Keys and proofs of the toy networks for tests, with chosen or given parameters, honest or not, on the reference backend. */

import type { Backend } from "../backend/backend.ts";
import { ColumnStore, toWords } from "../backend/columns.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { fillDerived } from "../model/witness.ts";
import { COMMITMENTS, layoutOf } from "../pcs/layout.ts";
import { commitColumns, rootOf } from "../pcs/prove-commit.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { commitSystem, type WeightData } from "../prover/commit.ts";
import { proveSystem } from "../prover/prove.ts";
import type { Parameters } from "../security/types.ts";
import { tensorBytes } from "../statement/encoding.ts";
import type { ColumnId } from "../system/types.ts";
import { type Toy, toyNetwork } from "./toy.ts";
import { wideToy } from "./toy-wide.ts";

/** A toy with its key, and a statement with its honest witness. */
export interface ToyCase {
  readonly toy: Pick<Toy, "built">;
  readonly key: VerifyingKey;
  readonly weights: WeightData;
  readonly input: Uint8Array;
  readonly output: number;
  /** All public and witness columns, derived ones included. */
  readonly witness: ReadonlyMap<ColumnId, Int32Array>;
}

/** Small parameters that reach every part of the protocol: two committed layers, a final message that folds on, proof of work everywhere. */
export const WIDE_PARAMETERS: Parameters = {
  regime: "unique-decoding",
  rowBits: 4,
  blowup: 2,
  folds: [2, 1],
  finalBits: 1,
  queries: 6,
  grinding: { lookup: 5, fold: 4, query: 6 },
};

/** The first toy at 100 bits, with parameters as they are chosen. */
export async function toyCase(input = Int32Array.of(50, -50, 3, 17, -21)): Promise<ToyCase> {
  return caseOf("toy", toyNetwork(), [-50, 50], ["a", "b", "c"], input);
}

/** The second toy, by default with `WIDE_PARAMETERS`: to be verified with minBits 0. */
export async function wideCase(
  parameters: Parameters | null = WIDE_PARAMETERS,
  input = Int32Array.of(3, -1, 2, 0, -3, 1, 2),
): Promise<ToyCase> {
  const made = await caseOf("wide toy", wideToy(), [-3, 3], ["a", "b", "c"], input);
  return parameters === null ? made : withParameters(made, parameters);
}

async function caseOf(
  name: string,
  toy: Toy,
  range: readonly [number, number],
  labels: readonly string[],
  x: Int32Array,
): Promise<ToyCase> {
  const description = {
    name,
    input: { kind: "tensor", shape: [toy.inputs], exponent: 0, range } as const,
    inputColumn: toy.input,
    output: { labels },
    outputColumn: toy.output,
  };
  const { verifying, weights } = await commitSystem(toy.built, description, referenceBackend());
  const run = toy.run(x);
  const witness = run.columns.set(toy.input, x).set(toy.output, Int32Array.of(run.output));
  fillDerived(toy.built, witness);
  return { toy, key: verifying, weights, input: tensorBytes(x), output: run.output, witness };
}

/** The same case without proof of work and with few queries: for tests of everything else. */
export function withoutWork(made: ToyCase): Promise<ToyCase> {
  return withParameters(made, { ...made.key.parameters, queries: 4, grinding: { lookup: 0, fold: 0, query: 0 } });
}

/** The same case under other parameters: the weights are committed anew. Nothing of the parameters is checked. */
export async function withParameters(made: ToyCase, parameters: Parameters): Promise<ToyCase> {
  const { key, weights } = await commitWeights({ ...made.key, parameters }, made.weights.column);
  return { ...made, key, weights };
}

/** A key whose weight root commits to the given words. */
export async function commitWeights(
  key: VerifyingKey,
  column: WeightData["column"],
): Promise<{ readonly key: VerifyingKey; readonly weights: WeightData }> {
  const session = referenceBackend().open();
  const store = new ColumnStore(session, key.system, (id) => session.upload(column(id), 1));
  const layout = layoutOf(key.system, COMMITMENTS[0], key.parameters.rowBits);
  const { matrix, tree } = await commitColumns(
    session,
    layout,
    key.parameters.blowup,
    (id) => store.column(id),
    (id) => store.shape(id),
    async () => undefined,
  );
  const weightRoot = await session.read(rootOf(session, tree));
  return { key: { ...key, weightRoot }, weights: { matrix: await session.read(matrix), tree: await session.read(tree), column } };
}

/** What a prover does otherwise than the honest one. */
export interface Deviation {
  /** Witness columns in place of the honest ones, as canonical words. */
  readonly witness?: ReadonlyMap<ColumnId, Uint32Array>;
  readonly input?: Uint8Array;
  readonly output?: number;
  readonly weights?: WeightData;
  readonly backend?: Backend;
}

/** A proof of the case, honest but for the deviation. */
export function prove(made: ToyCase, deviation: Deviation = {}): Promise<Uint8Array> {
  const assignment = {
    input: deviation.input ?? made.input,
    output: deviation.output ?? made.output,
    witness: (id: ColumnId) => deviation.witness?.get(id) ?? toWords(made.witness.get(id) ?? new Int32Array()),
  };
  return proveSystem(made.key, deviation.weights ?? made.weights, assignment, { backend: deviation.backend ?? referenceBackend() });
}

/** The id of a column by its name. */
export function columnNamed(made: ToyCase, name: string): ColumnId {
  const id = made.key.system.columns.findIndex((c) => c.name === name);
  if (id < 0) throw new Error(`There is no column ${name}`);
  return id;
}
