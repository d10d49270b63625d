/** Verifying keys: read from a file, or recomputed from a model. */
import type { Backend } from "../backend/backend.ts";
import { InternalError } from "../errors.ts";
import type { LanguageModel } from "../model/transformer/load.ts";
import { decodeKey, type VerifyingKey } from "../proof/key.ts";
import { decodeSegmentedKey, prepareSegments, type SegmentedKey } from "../segments/key.ts";
import { prepareKey } from "../verifier/verify.ts";
import { blaming, UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";
import { breathe, type Io } from "./io.ts";
import { type BackendFlags, type SecurityFlags, targetOf } from "./options.ts";

/** A key for whole proofs, or for proofs in segments. */
export type AnyKey = VerifyingKey | SegmentedKey;

const MARKS = { ccvk: "key", ccpr: "proof", ccsk: "segmented key", ccsp: "segmented proof" } as const;
type FileKind = (typeof MARKS)[keyof typeof MARKS];

/** What a file's first four bytes say that it is. */
export function fileKind(bytes: Uint8Array): FileKind | null {
  const mark = String.fromCharCode(...bytes.subarray(0, 4));
  return mark in MARKS ? MARKS[mark as keyof typeof MARKS] : null;
}

export function isSegmented(key: AnyKey): key is SegmentedKey {
  return "segments" in key;
}

/** The key that says what inputs and outputs mean: all segments' keys say the same. */
export function formOf(key: AnyKey): VerifyingKey {
  const form = isSegmented(key) ? key.segments[0] : key;
  if (!form) throw new InternalError("a key without segments");
  return form;
}

/** A key file's key, checked. @throws UsageError (file, key) */
export async function readKey(path: string): Promise<AnyKey> {
  return parseKey(await readBytes(path, "verifying key"), path);
}

/** A key from a file's bytes, checked. @throws UsageError (key) */
export async function parseKey(bytes: Uint8Array, path: string): Promise<AnyKey> {
  const kind = fileKind(bytes);
  if (kind !== "key" && kind !== "segmented key")
    throw new UsageError("key", `${path} is ${kind === null ? "not" : "a proof, not"} a verifying key`);
  return blaming(
    "key",
    (message) => `${path} is a damaged verifying key: ${message}`,
    () => {
      if (kind === "key") {
        const key = decodeKey(bytes);
        prepareKey(key);
        return key;
      }
      const key = decodeSegmentedKey(bytes);
      prepareSegments(key);
      return key;
    },
  );
}

/** A key, and the language model that it was computed from, if it was. */
export interface OpenKey {
  readonly key: AnyKey;
  readonly model?: LanguageModel;
}

/** A key file's key, or that of a model, for which its weights are committed again. @throws UsageError */
export async function openKey(
  source: string,
  options: BackendFlags & SecurityFlags & { readonly positions?: number; readonly segments?: number; readonly recipe?: string },
  io: Io,
): Promise<OpenKey> {
  const { isModel, openModel, withBackend } = await import("./source.ts");
  const { isTransformer, openLanguageModel, refuse } = await import("./transformers.ts");
  if (await isTransformer(source)) {
    if (options.positions === undefined)
      throw new UsageError(
        "usage",
        "A language model's key is for a number of positions: give the one of the proof as --positions (prove and inspect show it)",
      );
    const model = await openLanguageModel(source, options, io);
    const { positions, segments } = options;
    if (segments !== undefined) {
      const { commitSegments, planSegments } = await import("../decoder-segments.ts");
      const plan = planSegments(model, positions, segments, targetOf(options));
      return { model, key: await withBackend(options, io, (backend) => commitSegments(plan, { backend })) };
    }
    const { commitDecoder } = await import("../decoder.ts");
    const { commitEncoder } = await import("../encoder.ts");
    const make = model.program.final ? commitEncoder : commitDecoder;
    const commitOn = async (backend: Backend) => (await make(model, positions, { backend, ...targetOf(options) })).verifying;
    return { model, key: await withBackend(options, io, commitOn) };
  }
  if (!(await isModel(source))) {
    for (const flag of ["bits", "regime", "positions", "segments", "recipe"] as const)
      if (options[flag] !== undefined)
        throw new UsageError("usage", `--${flag} is for a key that is recomputed from a model; a key file has its own`);
    return { key: await readKey(source) };
  }
  refuse(options, ["positions", "segments", "recipe"]);
  const { commit } = await import("../api.ts");
  const model = await openModel(source);
  await breathe(io.signal);
  const { verifying } = await withBackend(options, io, (backend) => commit(model, { backend, ...targetOf(options) }));
  await breathe(io.signal);
  return { key: verifying };
}
