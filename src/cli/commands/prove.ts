import { commit, prove } from "../../api.ts";
import type { Backend } from "../../backend/backend.ts";
import type { Model } from "../../model/load.ts";
import { encodeKey } from "../../proof/key.ts";
import { UsageError } from "../failure.ts";
import { kindOf } from "../files.ts";
import { readInput } from "../input.ts";
import { shellWord } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { inputJson, inputText, outputText, printable } from "../output.ts";
import { showProgress } from "../progress.ts";
import { deliver, proofFiles } from "../proven.ts";
import { isModel, openModel, withBackend } from "../source.ts";
import { isTransformer, refuse, type TokenFlags } from "../transformers.ts";

export interface ProveOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly model?: string;
  readonly output?: string;
  readonly key?: string;
}

/** The model that a text alone is for. */
const TEXT_MODEL = "lande";

export async function proveCommand(argument: string | undefined, options: ProveOptions, io: Io): Promise<void> {
  // a lone text may look like the name of a model at the hub
  const named = options.model ?? (options.input === undefined && !(await isHere(argument)) ? undefined : argument);
  if (named !== undefined && (await isTransformer(named))) {
    const { input } = await chosen(argument, options);
    return (await import("./prove-tokens.ts")).proveTokensCommand(named, { ...options, input }, io);
  }
  refuse(options, ["tokens", "positions", "segments", "segment", "recipe"]);
  const { source, input } = await chosen(argument, options);
  const model = await openModel(source);
  const raw = await readInput(input, model, io);
  const files = await proofFiles(options, model.name);
  const made = await withBackend(options, io, (backend) => make(model, raw, backend, options, io));
  const statement = {
    rows: [
      ["input", inputText(model.input, raw)],
      ["output", outputText(model.input, made.output)],
    ] as const,
    fields: { input: inputJson(model.input, raw), output: made.output },
  };
  await deliver(io, options, files, made, { rows: [["model", printable(model.name)]], fields: { model: model.name } }, statement);
}

/** Whether an argument names a language model that need not be downloaded. */
async function isHere(argument: string | undefined): Promise<boolean> {
  return argument !== undefined && ((await kindOf(argument)) !== null || !argument.includes("/")) && (await isTransformer(argument));
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
  if ((await isModel(argument)) || (await isHere(argument)) || /^\.{0,2}[\\/]\S*$/.test(argument))
    throw new UsageError("usage", `The model ${argument} needs an --input; if it is a text: --input ${shellWord(argument)}`);
  return { source: TEXT_MODEL, input: argument };
}
