/** The public prover: commit to a model, run it, prove an output. `verify` is in verify.ts, which imports none of this. */
import type { Backend, Column, DeviceCounters, Session } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import type { CompiledProgram } from "./model/compile.ts";
import { computeWitness } from "./model/device.ts";
import type { Model } from "./model/load.ts";
import { modelId, type VerifyingKey } from "./proof/key.ts";
import { checkProof } from "./prover/check.ts";
import { commitSystem, type SecurityTarget, type WeightData } from "./prover/commit.ts";
import { type Computed, type Phase, type Progress, proveSystem } from "./prover/prove.ts";
import { encodeInput, inputShape, outputLabel, tensorBytes } from "./statement/encoding.ts";
import { encodeUtf8 } from "./statement/utf8.ts";
import type { ColumnId } from "./system/types.ts";
import type { IntTensor } from "./tensor/tensor.ts";
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
  readonly report: {
    /** Seconds by phase. */
    readonly seconds: Readonly<Record<Phase, number>>;
    readonly bytes: number;
    readonly bits: number;
    /** The backend that it was computed on. */
    readonly backend: string;
    /** What was asked of that backend's device between start and end; null where the host itself computed. */
    readonly device: DeviceCounters | null;
    /** Seconds that the check took; null if none was asked for. */
    readonly checked: number | null;
  };
}

export interface ProveOptions {
  readonly backend: Backend;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a phase lasts until the device has done its work, so that progress and times by phase are the device's; else phases queue work and the last one
   * waits for all of it, which takes a little less time (default: false).
   */
  readonly awaitPhases?: boolean;
  /** Whether the host replays the finished proof, as a verifier does, so that a faulty device is found out (default: false). */
  readonly check?: boolean;
}

/** Quantized weights committed, parameters chosen: the verifying key. @throws ModelError if the model cannot be proven; DeviceError if the backend cannot */
export async function commit(model: Model, options: { readonly backend: Backend } & SecurityTarget): Promise<Key> {
  const { compiled, name, input, output } = model;
  const description = { name, input, inputColumn: compiled.input, output, outputColumn: compiled.output };
  const { verifying, weights } = await onDevice(options.backend, (backend) => commitSystem(compiled.built, description, backend, options));
  return { id: modelId(verifying), verifying, weights, model };
}

/** Integer inference alone. @throws RangeError or TypeError for an input that the model does not accept */
export function run(model: Model, input: Input): Output & { readonly logits: Int32Array } {
  const { classIndex, logits } = model.compiled.run({ shape: [...inputShape(model.input)], data: cellsOf(model, rawInput(model, input)) });
  return { index: classIndex, label: outputLabel(model.output, classIndex), logits: logits.data };
}

/**
 * Proves the model's output for an input.
 * @throws RangeError or TypeError for an input that the model does not accept; the signal's reason if aborted; DeviceError if the backend cannot, or if
 * its proof does not stand the check
 */
export function prove(key: Key, input: Input, options: ProveOptions): Promise<Proven> {
  return onDevice(options.backend, (backend) => proveOn(backend, key, input, options));
}

async function proveOn(backend: Backend, key: Key, input: Input, options: ProveOptions): Promise<Proven> {
  const clock = new PhaseClock();
  const before = { ...backend.counters };
  const onProgress = (progress: Progress) => {
    clock.enter(progress.phase);
    options.onProgress?.(progress);
  };
  options.signal?.throwIfAborted();
  onProgress({ phase: "witness", done: 0, total: 1 });
  const raw = rawInput(key.model, input);
  const cells = { shape: [...inputShape(key.model.input)], data: cellsOf(key.model, raw) };
  let index = 0;
  const compute = async (session: Session, column: (id: ColumnId) => Column): Promise<Computed> => {
    const computed = await (backend.witness === "device"
      ? computeWitness(key.model.compiled, cells, session, column)
      : uploadedWitness(key.model.compiled, cells, session));
    index = computed.output;
    return computed;
  };
  const assignment = { input: raw, compute };
  const { signal, awaitPhases } = options;
  const proof = await proveSystem(key.verifying, key.weights, assignment, { backend, signal, onProgress, awaitPhases });
  const seconds = clock.stop();
  const device = backend.counters === undefined ? null : countsSince(before, backend.counters);
  const checked = options.check === true ? timed(() => checkProof(key.verifying, proof, backend.name)) : null;
  const output = { index, label: outputLabel(key.model.output, index) };
  const { bits } = prepareKey(key.verifying).plan.soundness;
  return { proof, output, report: { seconds, bytes: proof.length, bits, backend: backend.name, device, checked } };
}

/** Does `work` on the backend, or on those that it stands for. */
function onDevice<T>(backend: Backend, work: (backend: Backend) => Promise<T>): Promise<T> {
  return backend.attempt === undefined ? work(backend) : backend.attempt(work);
}

function countsSince(before: Partial<DeviceCounters>, now: DeviceCounters): DeviceCounters {
  const since = (count: keyof DeviceCounters): number => now[count] - (before[count] ?? 0);
  return {
    submissions: since("submissions"),
    dispatches: since("dispatches"),
    readBacks: since("readBacks"),
    bytesUp: since("bytesUp"),
    bytesDown: since("bytesDown"),
  };
}

/** Seconds that `work` takes. */
function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
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

/** The witness made by the host. */
function uploadedWitness(compiled: CompiledProgram, cells: IntTensor, session: Session): Computed {
  const { result, columns } = compiled.witness(cells);
  return { output: result.classIndex, columns: new Map([...columns].map(([id, values]) => [id, session.upload(toWords(values), 1)])) };
}

/** Adds up the time between changes of phase. */
class PhaseClock {
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
