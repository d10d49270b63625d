/** Keys and proofs of the bundled models have the same bytes on any backend as on the CPU's. Without a test runner, for Node, Deno and browsers alike. */
import { commit, type Input, type Proven, prove } from "../api.ts";
import type { Backend } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { BUNDLED_MODELS, type LoadOptions, loadModel, type Model } from "../model/load.ts";
import { encodeKey } from "../proof/key.ts";
import { verify } from "../verify.ts";
import type { Failure, Outcome } from "./conformance-run.ts";

export type BundledModel = (typeof BUNDLED_MODELS)[number];

const SIDE = 28;

/** A text, and an image of 28 x 28 grey values with a bar in its middle. */
const INPUTS: Readonly<Record<BundledModel, Input>> = {
  lande: "un texte en français, pour voir",
  "mnist-small": Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    return row >= 5 && row < 23 && column >= 12 && column < 16 ? 255 - 9 * row : 0;
  }),
};

interface Made {
  readonly model: Model;
  readonly key: Uint8Array;
  readonly proof: Uint8Array;
}

/** What the CPU backend makes, by folder and name: several backends are compared with it in one process. */
const expectations = new Map<string, Promise<Made>>();

/** What `compareProofs` tells of a model. */
export interface Compared {
  readonly model: BundledModel;
  /** Null if all bytes are equal. */
  readonly failure: string | null;
  /** Of commitment and proof on the backend. */
  readonly seconds: number;
  readonly report: Proven["report"] | null;
}

/**
 * Commits to the bundled models and proves an output of each on a backend; compares the bytes with the CPU backend's.
 * @param options.bundled folder or URL of the models, where they do not lie beside the sources
 */
export async function compareProofs(
  backend: Backend,
  onModel: (compared: Compared) => void = () => {},
  options: Pick<LoadOptions, "bundled" | "read"> & { readonly models?: readonly BundledModel[] } = {},
): Promise<Outcome> {
  const failures: Failure[] = [];
  let passed = 0;
  for (const model of options.models ?? BUNDLED_MODELS) {
    const compared = await compare(backend, model, options).catch((error: unknown) => ({
      model,
      failure: error instanceof Error ? error.message : String(error),
      seconds: 0,
      report: null,
    }));
    onModel(compared);
    if (compared.failure === null) passed++;
    else failures.push({ name: `${model} on ${backend.name}`, message: compared.failure });
  }
  return { passed, failures };
}

/** The same for one model. @throws Error that says where the bytes differ */
export async function checkProof(backend: Backend, model: BundledModel): Promise<void> {
  const { failure } = await compare(backend, model, {});
  if (failure !== null) throw new Error(failure);
}

async function compare(backend: Backend, name: BundledModel, options: Pick<LoadOptions, "bundled" | "read">): Promise<Compared> {
  const place = `${options.bundled ?? ""}/${name}`;
  const known = expectations.get(place) ?? expect(name, options);
  expectations.set(place, known);
  const { model, ...expected } = await known;
  const start = performance.now();
  const { key, proof, report } = await make(backend, model, name);
  const seconds = (performance.now() - start) / 1000;
  const failure = differenceOf("key", key, expected.key) ?? differenceOf("proof", proof, expected.proof);
  return { model: name, failure, seconds, report };
}

async function expect(name: BundledModel, options: Pick<LoadOptions, "bundled" | "read">): Promise<Made> {
  const model = await loadModel(name, options);
  const backend = await cpuBackend();
  try {
    return { model, ...(await make(backend, model, name)) };
  } finally {
    await backend.close();
  }
}

async function make(backend: Backend, model: Model, name: BundledModel): Promise<Omit<Made, "model"> & Pick<Proven, "report">> {
  const key = await commit(model, { backend });
  const { proof, report } = await prove(key, INPUTS[name], { backend });
  verify(key.verifying, proof);
  return { key: encodeKey(key.verifying), proof, report };
}

function differenceOf(what: string, actual: Uint8Array, expected: Uint8Array): string | null {
  if (actual.length !== expected.length) return `The ${what} has ${actual.length} bytes instead of ${expected.length}`;
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  return at < 0 ? null : `Byte ${at} of the ${what} is ${actual[at]} instead of ${expected[at]}`;
}
