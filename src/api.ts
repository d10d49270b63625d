/** The public prover: commit to a model, run it, prove an output. `verify` is in verify.ts, which imports none of this. */
import type { Backend } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import { InternalError } from "./errors.ts";
import type { Model } from "./model/load.ts";
import { modelId, type VerifyingKey } from "./proof/key.ts";
import { commitSystem, type SecurityTarget, type WeightData } from "./prover/commit.ts";
import { type Phase, type Progress, proveSystem } from "./prover/prove.ts";
import { encodeInput, inputShape, outputLabel, tensorBytes } from "./statement/encoding.ts";
import { encodeUtf8 } from "./statement/utf8.ts";
import { prepareKey } from "./verifier/verify.ts";

/** Text, numbers in the model's own units (row-major), or the raw bytes of a statement. */
export type Input = string | readonly number[] | Float32Array | Float64Array | Uint8Array;

/** A model with its verifying key and what its prover needs. */
export interface Key {
  /** The model id. */
  readonly id: string;
  readonly verifying: VerifyingKey;
  readonly weights: WeightData;
  readonly model: Model;
}

export interface Output {
  readonly index: number;
  readonly label: string;
}

export interface Proven {
  readonly proof: Uint8Array;
  readonly output: Output;
  readonly report: ProofReport;
}

export interface ProofReport {
  /** Seconds by phase. */
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly bytes: number;
  readonly bits: number;
  readonly backend: string;
}

/** Quantized weights committed, parameters chosen: the verifying key. @throws ModelError if the model cannot be proven */
export async function commit(model: Model, options: { readonly backend: Backend } & SecurityTarget): Promise<Key> {
  const { compiled, name, input, output } = model;
  const description = { name, input, inputColumn: compiled.input, output, outputColumn: compiled.output };
  const { verifying, weights } = await commitSystem(compiled.built, description, options.backend, options);
  return { id: modelId(verifying), verifying, weights, model };
}

/** Integer inference alone. @throws RangeError or TypeError for an input that the model does not accept */
export function run(model: Model, input: Input): Output & { readonly logits: Int32Array } {
  const { classIndex, logits } = model.compiled.run({ shape: [...inputShape(model.input)], data: cellsOf(model, rawInput(model, input)) });
  return { index: classIndex, label: outputLabel(model.output, classIndex), logits: logits.data };
}

/**
 * Proves the model's output for an input.
 * @throws RangeError or TypeError for an input that the model does not accept; the signal's reason if aborted; DeviceError if the backend cannot
 */
export async function prove(
  key: Key,
  input: Input,
  options: { readonly backend: Backend; readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
): Promise<Proven> {
  const clock = new PhaseClock();
  const onProgress = (progress: Progress) => {
    clock.enter(progress.phase);
    options.onProgress?.(progress);
  };
  options.signal?.throwIfAborted();
  onProgress({ phase: "witness", done: 0, total: 1 });
  const raw = rawInput(key.model, input);
  const { result, columns } = key.model.compiled.witness({ shape: [...inputShape(key.model.input)], data: cellsOf(key.model, raw) });
  onProgress({ phase: "witness", done: 1, total: 1 });
  const witness = (id: number): Uint32Array => {
    const values = columns.get(id);
    if (!values) throw new InternalError(`no values for column ${id}`);
    return toWords(values);
  };
  const assignment = { input: raw, output: result.classIndex, witness };
  const proof = await proveSystem(key.verifying, key.weights, assignment, { backend: options.backend, signal: options.signal, onProgress });
  const output = { index: result.classIndex, label: outputLabel(key.model.output, result.classIndex) };
  const { bits } = prepareKey(key.verifying).plan.soundness;
  return { proof, output, report: { seconds: clock.stop(), bytes: proof.length, bits, backend: options.backend.name } };
}

/** The raw bytes of an input, as the statement carries them. @throws TypeError, RangeError */
export function rawInput(model: Pick<Model, "name" | "input">, input: Input): Uint8Array {
  if (input instanceof Uint8Array) return input;
  if (typeof input === "string") {
    if (model.input.kind !== "ngrams")
      throw new TypeError(`Model ${model.name} takes a tensor of shape [${inputShape(model.input)}], not a text`);
    return encodeUtf8(input);
  }
  if (model.input.kind !== "tensor") throw new TypeError(`Model ${model.name} takes a text, not a tensor`);
  const { shape, exponent, range } = model.input;
  const cells = shape.reduce((n, s) => n * s, 1);
  if (input.length !== cells) throw new RangeError(`Model ${model.name} takes ${cells} numbers (shape [${shape}]), got ${input.length}`);
  const scale = 2 ** exponent;
  const values = Array.from(input, (v, i) => {
    const q = Math.round(v * scale);
    if (!(q >= range[0] && q <= range[1]))
      throw new RangeError(`Input number ${i} is ${v}, model ${model.name} takes ${range[0] / scale} to ${range[1] / scale}`);
    return q === 0 ? 0 : q;
  });
  return tensorBytes(values);
}

function cellsOf(model: Model, raw: Uint8Array): Int32Array {
  return encodeInput(model.input, raw);
}

/** Adds up the time between changes of phase. */
export class PhaseClock {
  readonly #seconds: Record<Phase, number> = { witness: 0, commit: 0, "look up": 0, constrain: 0, open: 0 };
  #phase: Phase = "witness";
  #since = performance.now();

  enter(phase: Phase): void {
    const now = performance.now();
    this.#seconds[this.#phase] += (now - this.#since) / 1000;
    this.#phase = phase;
    this.#since = now;
  }

  stop(): Readonly<Record<Phase, number>> {
    this.enter(this.#phase);
    return this.#seconds;
  }
}
