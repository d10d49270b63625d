/** What `circlet prove` does after a proof was made, of a network and of a language model alike: writes proof and key, tells what was shown and how to verify it. */
import { resolve } from "node:path";
import type { ProofReport } from "../prover/report.ts";
import { DEFAULT_MIN_BITS } from "../verifier/verify.ts";
import { UsageError } from "./failure.ts";
import { checkWritable, writeWhole } from "./files.ts";
import { fileName, invocation, shellWord } from "./invocation.ts";
import type { Io } from "./io.ts";
import type { JsonOption } from "./options.ts";
import { aligned, deviceText, print, seconds, size } from "./output.ts";

export interface ProofFiles {
  readonly proof: string;
  readonly key: string;
}

/** A proof with its key, and what it took. */
export interface Made {
  readonly id: string;
  readonly proof: Uint8Array;
  readonly keyBytes: Uint8Array;
  readonly regime: string;
  readonly commitSeconds: number;
  readonly report: ProofReport;
}

/** What was shown, for people and for programs. */
export interface Shown {
  readonly rows: readonly (readonly [name: string, text: string])[];
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where proof and key go. @throws UsageError (usage, file) if they cannot */
export async function proofFiles(options: { readonly output?: string; readonly key?: string }, model: string): Promise<ProofFiles> {
  const proof = options.output ?? `${fileName(model)}.proof`;
  const key = options.key ?? `${proof.replace(/\.proof$/, "")}.vk`;
  if (resolve(proof) === resolve(key)) throw new UsageError("usage", `Proof and key cannot both be written to ${proof}`);
  for (const path of [proof, key]) await checkWritable(path);
  return { proof, key };
}

/** Writes both files and prints what was shown. */
export async function deliver(io: Io, options: JsonOption, files: ProofFiles, made: Made, model: Shown, statement: Shown): Promise<void> {
  await writeWhole(files.key, made.keyBytes);
  await writeWhole(files.proof, made.proof);
  const { report } = made;
  const floor = report.bits < DEFAULT_MIN_BITS ? ` --min-bits ${Math.floor(report.bits)}` : "";
  const command = `${invocation()} verify ${shellWord(files.proof)} --key ${shellWord(files.key)}${floor}`;
  const phases = Object.entries(report.seconds);
  const total = phases.reduce((sum, [, s]) => sum + s, 0);
  const json = {
    ...model.fields,
    modelId: made.id,
    ...statement.fields,
    proof: { file: files.proof, bytes: report.bytes },
    key: { file: files.key, bytes: made.keyBytes.length },
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
        ...model.rows,
        ["model id", made.id],
        ...statement.rows,
        ["proof", `${size(report.bytes)}, ${files.proof}`],
        ["key", `${size(made.keyBytes.length)}, ${files.key}`],
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
