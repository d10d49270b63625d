/** `circlet commit`: quantizes and commits a model, writes its verifying key, prints its id. */
import { commit } from "../../api.ts";
import { encodeKey } from "../../proof/key.ts";
import { prepareKey } from "../../verifier/verify.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { fileName } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { aligned, print, printable, seconds, size } from "../output.ts";
import { openModel, withBackend } from "../source.ts";

export interface CommitOptions extends JsonOption, BackendFlags, SecurityFlags {
  readonly output?: string;
}

export async function commitCommand(source: string, options: CommitOptions, io: Io): Promise<void> {
  const model = await openModel(source);
  const path = options.output ?? `${fileName(model.name)}.vk`;
  await checkWritable(path);
  await breathe(io.signal);
  const start = performance.now();
  const { id, verifying } = await withBackend(options, io, (backend) => commit(model, { backend, ...targetOf(options) }));
  const elapsed = (performance.now() - start) / 1000;
  await breathe(io.signal);
  const bytes = encodeKey(verifying);
  await writeWhole(path, bytes);
  const { bits } = prepareKey(verifying).plan.soundness;
  const { parameters } = verifying;
  const json = { model: model.name, modelId: id, key: { file: path, bytes: bytes.length }, bits, parameters, seconds: elapsed };
  print(io, options, json, () =>
    aligned([
      ["model", printable(model.name)],
      ["model id", id],
      ["key", `${size(bytes.length)}, ${path}`],
      ["security", `${bits.toFixed(2)} proven bits (${parameters.regime})`],
      ["committing", seconds(elapsed)],
    ]),
  );
}
