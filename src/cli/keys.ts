/** Verifying keys: read from a file, or recomputed from a model. */
import { decodeKey, type VerifyingKey } from "../proof/key.ts";
import { prepareKey } from "../verifier/verify.ts";
import { blaming, UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";
import { breathe, type Io } from "./io.ts";
import { type BackendFlags, type SecurityFlags, targetOf } from "./options.ts";

const KEY_MARK = "ccvk";
const PROOF_MARK = "ccpr";

/** What a file's first four bytes say that it is. */
export function fileKind(bytes: Uint8Array): "key" | "proof" | null {
  const mark = String.fromCharCode(...bytes.subarray(0, 4));
  return mark === KEY_MARK ? "key" : mark === PROOF_MARK ? "proof" : null;
}

/** A key file's key, checked. @throws UsageError (file, key) */
export async function readKey(path: string): Promise<VerifyingKey> {
  return parseKey(await readBytes(path, "verifying key"), path);
}

/** A key from a file's bytes, checked. @throws UsageError (key) */
export async function parseKey(bytes: Uint8Array, path: string): Promise<VerifyingKey> {
  if (fileKind(bytes) !== "key")
    throw new UsageError("key", `${path} is ${fileKind(bytes) === "proof" ? "a proof, not" : "not"} a verifying key`);
  return blaming(
    "key",
    (message) => `${path} is a damaged verifying key: ${message}`,
    () => {
      const key = decodeKey(bytes);
      prepareKey(key);
      return key;
    },
  );
}

/** A key file's key, or that of a model, for which its weights are committed again. @throws UsageError */
export async function keyOf(
  source: string,
  options: BackendFlags & SecurityFlags & { readonly positions?: number; readonly recipe?: string },
  io: Io,
): Promise<VerifyingKey> {
  const { isModel, openModel, withBackend } = await import("./source.ts");
  const { isTransformer, openLanguageModel } = await import("./transformers.ts");
  if (await isTransformer(source)) {
    if (options.positions === undefined)
      throw new UsageError("usage", "A language model's key is for a number of positions: give the one of the proof as --positions");
    const model = await openLanguageModel(source, options, io);
    const { commitDecoder } = await import("../decoder.ts");
    const { commitEncoder } = await import("../encoder.ts");
    const make = model.program.final ? commitEncoder : commitDecoder;
    const positions = options.positions;
    return withBackend(options, io, async (backend) => (await make(model, positions, { backend, ...targetOf(options) })).verifying);
  }
  if (!(await isModel(source))) {
    if (options.bits !== undefined || options.regime !== undefined)
      throw new UsageError("usage", "--bits and --regime are for a key that is recomputed from a model; a key file has its own");
    return readKey(source);
  }
  const { commit } = await import("../api.ts");
  const model = await openModel(source);
  await breathe(io.signal);
  const { verifying } = await withBackend(options, io, (backend) => commit(model, { backend, ...targetOf(options) }));
  await breathe(io.signal);
  return verifying;
}
