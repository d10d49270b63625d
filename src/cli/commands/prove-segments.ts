/** `circlet prove --segments n` and `--segment k/n`: a language model's layers in groups, each proven on its own. */
import type { Backend } from "../../backend/backend.ts";
import { planSegments, proveSegment, proveSegments, statementOf } from "../../decoder-segments.ts";
import { InternalError } from "../../errors.ts";
import type { ProofReport, ReportedOptions } from "../../prover/report.ts";
import { encodeSegmentedKey, prepareSegments } from "../../segments/key.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { fileName, invocation, shellWord } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, type SegmentOf, targetOf } from "../options.ts";
import { aligned, print, seconds, size } from "../output.ts";
import { showProgress } from "../progress.ts";
import { type Job, modelShown, statementShown } from "../prompts.ts";
import { withBackend } from "../source.ts";

type Options = JsonOption & BackendFlags & SecurityFlags & { readonly output?: string };

/** Commits, proves and verifies segment after segment. */
export async function makeSegments({ model, prompt, count, positions }: Job, segments: number, backend: Backend, options: Options, io: Io) {
  await breathe(io.signal);
  const plan = planSegments(model, positions, segments, targetOf(options));
  const { key, proof, statement, reports } = await watched(io, segments, (how) => proveSegments(plan, prompt, count, { ...how, backend }));
  await breathe(io.signal);
  const { id, bits } = prepareSegments(key);
  const report = { ...sumOf(reports.map((r) => r.report)), bytes: proof.length, bits };
  const commitSeconds = reports.reduce((sum, r) => sum + r.committing, 0);
  return { proof, statement, report, id, regime: "unique-decoding", keyBytes: encodeSegmentedKey(key), commitSeconds };
}

/** Proves one segment and writes its proof. */
export async function provePart(job: Job, { index, count }: SegmentOf, options: Options, io: Io): Promise<void> {
  const { positions } = job;
  const path = options.output ?? `${fileName(job.model.name)}-${index + 1}.proof`;
  await checkWritable(path);
  await breathe(io.signal);
  const plan = planSegments(job.model, positions, count, targetOf(options));
  const { said, proof, report, committing } = await withBackend(options, io, async (backend) => {
    const said = await statementOf(plan, job.prompt, job.count, { backend });
    return { said, ...(await watched(io, count, (how) => proveSegment(plan, index, said, { ...how, backend }))) };
  });
  await writeWhole(path, proof);
  const [model, statement] = [modelShown(job.model, positions), statementShown(job, said)];
  const total = Object.values(report.seconds).reduce((sum, s) => sum + s, 0);
  const json = {
    ...model.fields,
    ...statement.fields,
    segment: { index: index + 1, count },
    proof: { file: path, bytes: proof.length },
    backend: report.backend,
    device: report.device,
    seconds: { commit: committing, prove: total, verify: report.checked, phases: report.seconds },
  };
  print(io, options, json, () =>
    [
      aligned([
        ...model.rows,
        ...statement.rows,
        ["proof", `${size(proof.length)} of segment ${index + 1} of ${count}, ${path}`],
        ["proving", `${seconds(total)} on ${report.backend}`],
        ["committing", seconds(committing)],
      ]),
      "",
      "The proofs of all segments together are one, with the key that commit writes:",
      `  ${invocation()} commit ${shellWord(job.source)} --positions ${positions} --segments ${count} -o all.vk`,
      `  ${invocation()} join ${shellWord(path)} ... --key all.vk`,
    ].join("\n"),
  );
}

/** Runs a prover of segments under a view of its progress. */
async function watched<T>(
  io: Io,
  count: number,
  prove: (how: Omit<ReportedOptions, "backend"> & { readonly onSegment: (segment: number) => void }) => Promise<T>,
): Promise<T> {
  let view = showProgress(io);
  const onSegment = (segment: number): void => {
    view.stop();
    io.stderr.write(`segment ${segment + 1} of ${count}\n`);
    view = showProgress(io);
  };
  const onProgress: ReportedOptions["onProgress"] = (progress) => view.onProgress(progress);
  return prove({ signal: io.signal, onProgress, onSegment, awaitPhases: true, check: true }).finally(() => view.stop());
}

/** All segments' reports as one. */
function sumOf(reports: readonly ProofReport[]): ProofReport {
  const [first, ...others] = reports;
  if (!first) throw new InternalError("no segment was proven");
  let { seconds, device, checked } = first;
  for (const next of others) {
    seconds = added(seconds, next.seconds);
    device = device === null || next.device === null ? null : added(device, next.device);
    checked = checked === null || next.checked === null ? null : checked + next.checked;
  }
  return { ...first, seconds, device, checked };
}

/** The sums of counts by name. */
function added<T extends object>(one: T, other: T): T {
  const counts = Object.entries(one).map(([name, count]) => [name, count + other[name as keyof T]]);
  return Object.fromEntries(counts) as T;
}
