/** `circlet prove` for a language model: continues a prompt, proves every token that follows, verifies the proof, writes it and the verifying key. */
import { resolve } from "node:path";
import type { Backend } from "../../backend/backend.ts";
import { commitDecoder, type Decoder, proveTokens } from "../../decoder.ts";
import { encodeKey } from "../../proof/key.ts";
import { DEFAULT_MIN_BITS } from "../../verifier/verify.ts";
import { openDecoder, positionsFor, promptOf, statementJson, type TokenFlags } from "../decoders.ts";
import { UsageError } from "../failure.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { fileName, invocation, shellWord } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { aligned, deviceText, print, printable, seconds, size } from "../output.ts";
import { showProgress } from "../progress.ts";
import { withBackend } from "../source.ts";

export interface ProveTokensOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly output?: string;
  readonly key?: string;
}

/** Text of a model on a terminal. */
const SHOWN = 2000;

export async function proveTokensCommand(source: string, options: ProveTokensOptions, io: Io): Promise<void> {
  const decoder = await openDecoder(source);
  const { prompt, count } = await promptOf(decoder, options, io);
  const positions = positionsFor(prompt.length + count, options.positions);
  const proofPath = options.output ?? `${fileName(decoder.name)}.proof`;
  const keyPath = options.key ?? `${proofPath.replace(/\.proof$/, "")}.vk`;
  if (resolve(proofPath) === resolve(keyPath)) throw new UsageError("usage", `Proof and key cannot both be written to ${proofPath}`);
  for (const path of [proofPath, keyPath]) await checkWritable(path);
  const made = await withBackend(options, io, (backend) => make(decoder, prompt, count, positions, backend, options, io));
  await writeWhole(keyPath, made.keyBytes);
  await writeWhole(proofPath, made.proof);

  const { report } = made;
  const statement = statementJson(decoder, made.statement);
  const floor = report.bits < DEFAULT_MIN_BITS ? ` --min-bits ${Math.floor(report.bits)}` : "";
  const command = `${invocation()} verify ${shellWord(proofPath)} --key ${shellWord(keyPath)}${floor}`;
  const phases = Object.entries(report.seconds);
  const total = phases.reduce((sum, [, s]) => sum + s, 0);
  const json = {
    model: decoder.name,
    modelId: made.id,
    positions,
    ...statement,
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
        ["model", `${printable(decoder.name)}, for up to ${positions + 1} tokens`],
        ["model id", made.id],
        ["prompt", `${prompt.length} tokens: ${printable(statement.prompt.text, SHOWN)}`],
        ["output", `${count} tokens: ${printable(statement.generated.text, SHOWN)}`],
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
async function make(
  decoder: Decoder,
  prompt: readonly number[],
  count: number,
  positions: number,
  backend: Backend,
  options: ProveTokensOptions,
  io: Io,
) {
  await breathe(io.signal);
  const start = performance.now();
  const key = await commitDecoder(decoder, positions, { backend, ...targetOf(options) });
  const commitSeconds = (performance.now() - start) / 1000;
  await breathe(io.signal);
  const view = showProgress(io);
  const how = { backend, signal: io.signal, onProgress: view.onProgress, awaitPhases: true, check: true };
  const proven = await proveTokens(key, prompt, count, how).finally(view.stop);
  await breathe(io.signal);
  return {
    ...proven,
    id: key.id,
    regime: key.verifying.parameters.regime,
    keyBytes: encodeKey(key.verifying),
    commitSeconds,
  };
}
