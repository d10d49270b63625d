/** `circlet join`: one proof from those of the segments. */
import { joinSegments } from "../../segments/join.ts";
import { prepareSegments } from "../../segments/key.ts";
import { blaming, UsageError } from "../failure.ts";
import { checkWritable, readBytes, writeWhole } from "../files.ts";
import type { Io } from "../io.ts";
import { isSegmented, readKey } from "../keys.ts";
import type { JsonOption } from "../options.ts";
import { aligned, print, size } from "../output.ts";

export interface JoinOptions extends JsonOption {
  readonly key: string;
  readonly output?: string;
}

/** @throws UsageError (key, proof) if something is missing; VerifyError if a segment does not fit */
export async function joinCommand(paths: readonly string[], options: JoinOptions, io: Io): Promise<void> {
  const key = await readKey(options.key);
  if (!isSegmented(key)) throw new UsageError("key", `${options.key} is the key of a single proof: there is nothing to join`);
  const path = options.output ?? `${options.key.replace(/\.vk$/, "")}.proof`;
  await checkWritable(path);
  const parts = await Promise.all(paths.map((p) => readBytes(p, "proof")));
  const proof = await blaming(
    "proof",
    (message) => message,
    () => joinSegments(key, parts),
  );
  await writeWhole(path, proof);
  const { id, bits } = prepareSegments(key);
  const json = { modelId: id, segments: parts.length, proof: { file: path, bytes: proof.length }, bits };
  print(io, options, json, () =>
    aligned([
      ["model id", id],
      ["proof", `${size(proof.length)} in ${parts.length} segments, ${path}`],
      ["security", `${bits.toFixed(2)} proven bits`],
    ]),
  );
}
