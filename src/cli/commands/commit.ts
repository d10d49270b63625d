/** `circlet commit`: quantizes and commits a model, writes its verifying key, prints its id. */
import { commit } from "../../api.ts";
import type { Backend } from "../../backend/backend.ts";
import { commitDecoder } from "../../decoder.ts";
import { commitSegments, planSegments } from "../../decoder-segments.ts";
import { commitEncoder } from "../../encoder.ts";
import { encodeKey } from "../../proof/key.ts";
import { encodeSegmentedKey, prepareSegments, segmentedId } from "../../segments/key.ts";
import { prepareKey } from "../../verifier/verify.ts";
import { UsageError } from "../failure.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { fileName } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import { type AnyKey, formOf, isSegmented } from "../keys.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { aligned, print, printable, seconds, size } from "../output.ts";
import { openModel, withBackend } from "../source.ts";
import { isTransformer, openLanguageModel, refuse } from "../transformers.ts";

export interface CommitOptions extends JsonOption, BackendFlags, SecurityFlags {
  readonly output?: string;
  readonly positions?: number;
  readonly segments?: number;
  readonly recipe?: string;
}

/** What is committed: its name, and how. */
interface Committable {
  readonly name: string;
  readonly commit: (backend: Backend) => Promise<{ readonly id: string; readonly verifying: AnyKey }>;
}

export async function commitCommand(source: string, options: CommitOptions, io: Io): Promise<void> {
  const model = await committable(source, options, io);
  const path = options.output ?? `${fileName(model.name)}.vk`;
  await checkWritable(path);
  await breathe(io.signal);
  const start = performance.now();
  const { id, verifying } = await withBackend(options, io, model.commit);
  const elapsed = (performance.now() - start) / 1000;
  await breathe(io.signal);
  const bytes = isSegmented(verifying) ? encodeSegmentedKey(verifying) : encodeKey(verifying);
  await writeWhole(path, bytes);
  const { bits } = isSegmented(verifying) ? prepareSegments(verifying) : prepareKey(verifying).plan.soundness;
  const { parameters } = formOf(verifying);
  const segments = isSegmented(verifying) ? verifying.segments.map((s) => s.parameters) : null;
  const json = {
    model: model.name,
    modelId: id,
    key: { file: path, bytes: bytes.length },
    bits,
    ...(segments === null ? { parameters } : { segments }),
    seconds: elapsed,
  };
  print(io, options, json, () =>
    aligned([
      ["model", printable(model.name)],
      ["model id", id],
      ["key", `${size(bytes.length)}${segments === null ? "" : ` of ${segments.length} segments`}, ${path}`],
      ["security", `${bits.toFixed(2)} proven bits (${parameters.regime})`],
      ["committing", seconds(elapsed)],
    ]),
  );
}

async function committable(source: string, options: CommitOptions, io: Io): Promise<Committable> {
  const target = targetOf(options);
  const { positions, segments } = options;
  if (!(await isTransformer(source))) {
    refuse(options, ["positions", "segments", "recipe"]);
    const model = await openModel(source);
    return { name: model.name, commit: (backend) => commit(model, { backend, ...target }) };
  }
  if (positions === undefined) throw new UsageError("usage", "A language model's key is for a number of positions: give --positions <n>");
  const model = await openLanguageModel(source, options, io);
  const make = model.program.final ? commitEncoder : commitDecoder;
  if (segments === undefined) return { name: model.name, commit: (backend) => make(model, positions, { backend, ...target }) };
  const commitAll = async (backend: Backend) => {
    const verifying = await commitSegments(planSegments(model, positions, segments, target), { backend });
    return { id: segmentedId(verifying), verifying };
  };
  return { name: model.name, commit: commitAll };
}
