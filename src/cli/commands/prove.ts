/** `circlet prove`: runs a model, proves its output, verifies the proof, writes it and the verifying key. */
import { resolve } from "node:path";
import { commit, prove } from "../../api.ts";
import type { Backend } from "../../backend/backend.ts";
import type { Model } from "../../model/load.ts";
import { encodeKey } from "../../proof/key.ts";
import { DEFAULT_MIN_BITS } from "../../verifier/verify.ts";
import { isGguf, type TokenFlags } from "../decoders.ts";
import { UsageError } from "../failure.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { readInput } from "../input.ts";
import { fileName, invocation, shellWord } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { aligned, deviceText, inputJson, inputText, outputText, print, printable, seconds, size } from "../output.ts";
import { showProgress } from "../progress.ts";
import { isModel, openModel, withBackend } from "../source.ts";

export interface ProveOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly model?: string;
  readonly output?: string;
  readonly key?: string;
}

/** The model that a text alone is for. */
const TEXT_MODEL = "lande";

export async function proveCommand(argument: string | undefined, options: ProveOptions, io: Io): Promise<void> {
  const named = options.model ?? argument;
  if (isGguf(named)) return (await import("./prove-tokens.ts")).proveTokensCommand(named, options, io);
  if (options.tokens !== undefined || options.positions !== undefined)
    throw new UsageError("usage", "--tokens and --positions are for a language model, a .gguf file");
  const { source, input } = await chosen(argument, options);
  const model = await openModel(source);
  const raw = await readInput(input, model, io);
  const proofPath = options.output ?? `${fileName(model.name)}.proof`;
  const keyPath = options.key ?? `${proofPath.replace(/\.proof$/, "")}.vk`;
  if (resolve(proofPath) === resolve(keyPath)) throw new UsageError("usage", `Proof and key cannot both be written to ${proofPath}`);
  for (const path of [proofPath, keyPath]) await checkWritable(path);
  const made = await withBackend(options, io, (backend) => make(model, raw, backend, options, io));
  await writeWhole(keyPath, made.keyBytes);
  await writeWhole(proofPath, made.proof);

  const { report, output } = made;
  const floor = report.bits < DEFAULT_MIN_BITS ? ` --min-bits ${Math.floor(report.bits)}` : "";
  const command = `${invocation()} verify ${shellWord(proofPath)} --key ${shellWord(keyPath)}${floor}`;
  const phases = Object.entries(report.seconds);
  const total = phases.reduce((sum, [, s]) => sum + s, 0);
  const json = {
    model: model.name,
    modelId: made.id,
    input: inputJson(model.input, raw),
    output,
    proof: { file: proofPath, bytes: report.bytes },
    key: { file: keyPath, bytes: made.keyBytes.length },
    bits: report.bits,
    regime: made.regime,
    backend: report.backend,
    device: report.device,
    seconds: { commit: made.commitSeconds, prove: total, verify: report.checked, phases: report.seconds },
    verify: command,
  };
  print(io, options, json, () =>
    [
      aligned([
        ["model", printable(model.name)],
        ["model id", made.id],
        ["input", inputText(model.input, raw)],
        ["output", outputText(model.input, output)],
        ["proof", `${size(report.bytes)}, ${proofPath}`],
        ["key", `${size(made.keyBytes.length)}, ${keyPath}`],
        ["security", `${report.bits.toFixed(2)} proven bits (${made.regime})`],
        ["proving", `${seconds(total)} on ${report.backend}: ${phases.map(([phase, s]) => `${phase} ${s.toFixed(2)}`).join(", ")}`],
        ...(report.device === null ? [] : [["device", deviceText(report.device)] as const]),
        ["committing", `${seconds(made.commitSeconds)}, once a model`],
        ["verifying", `${seconds(report.checked ?? 0)}, accepted`],
      ]),
      "",
      "Anyone with the two files can verify the proof:",
      `  ${command}`,
    ].join("\n"),
  );
}

/** Commits, proves and verifies. */
async function make(model: Model, raw: Uint8Array, backend: Backend, options: ProveOptions, io: Io) {
  await breathe(io.signal);
  const start = performance.now();
  const key = await commit(model, { backend, ...targetOf(options) });
  const commitSeconds = (performance.now() - start) / 1000;
  await breathe(io.signal);
  const view = showProgress(io);
  const { signal } = io;
  const proven = await prove(key, raw, { backend, signal, onProgress: view.onProgress, awaitPhases: true, check: true }).finally(view.stop);
  await breathe(io.signal);
  return {
    ...proven,
    id: key.id,
    regime: key.verifying.parameters.regime,
    keyBytes: encodeKey(key.verifying),
    commitSeconds,
  };
}

/** Which model and which input the arguments mean: a lone text is one for the text model. @throws UsageError if they leave it open */
async function chosen(argument: string | undefined, { model, input }: ProveOptions): Promise<{ source: string; input: string }> {
  if (argument === undefined) {
    if (input === undefined) throw new UsageError("usage", "Nothing to prove: give a text, or a model and its --input");
    return { source: model ?? TEXT_MODEL, input };
  }
  if (model !== undefined) {
    if (input !== undefined) throw new UsageError("usage", `Two inputs are given: ${argument} and --input ${input}`);
    return { source: model, input: argument };
  }
  if (input !== undefined) return { source: argument, input };
  // a lone path is a model that was forgotten its input, not a text
  if ((await isModel(argument)) || /^\.{0,2}[\\/]\S*$/.test(argument))
    throw new UsageError("usage", `The model ${argument} needs an --input; if it is a text: --input ${shellWord(argument)}`);
  return { source: TEXT_MODEL, input: argument };
}
