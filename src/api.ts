/** The public prover: commit to a model, run it, prove an output. `verify` is in verify.ts, which imports none of this. */
import type { Backend, Column, Session } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import type { CompiledProgram } from "./model/compile.ts";
import { computeWitness } from "./model/device.ts";
import type { Model } from "./model/load.ts";
import { modelId, type VerifyingKey } from "./proof/key.ts";
import { commitSystem, type SecurityTarget, type WeightData } from "./prover/commit.ts";
import type { Computed } from "./prover/prove.ts";
import { onDevice, type ProofReport, proveReported, type ReportedOptions } from "./prover/report.ts";
import { encodeInput, inputShape, outputLabel, tensorBytes } from "./statement/encoding.ts";
import { encodeUtf8 } from "./statement/utf8.ts";
import type { ColumnId } from "./system/types.ts";
import type { IntTensor } from "./tensor/tensor.ts";

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

export type ProveOptions = ReportedOptions;

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
  const raw = rawInput(key.model, input);
  const cells = { shape: [...inputShape(key.model.input)], data: cellsOf(key.model, raw) };
  let index = 0;
  const compute = async (session: Session, column: (id: ColumnId) => Column): Promise<Computed> => {
    const computed = await (backend.witness === "device"
      ? computeWitness(key.model.compiled, cells, session, column)
      : uploadedWitness(key.model.compiled, cells, session));
    index = computed.output;
    return { input: raw, ...computed };
  };
  const { proof, report } = await proveReported(backend, key.verifying, key.weights, () => ({ compute }), options);
  return { proof, output: { index, label: outputLabel(key.model.output, index) }, report };
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
function uploadedWitness(compiled: CompiledProgram, cells: IntTensor, session: Session): Omit<Computed, "input"> {
  const { result, columns } = compiled.witness(cells);
  return { output: result.classIndex, columns: new Map([...columns].map(([id, values]) => [id, session.upload(toWords(values), 1)])) };
}
