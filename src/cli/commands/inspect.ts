/** `circlet inspect`: what a proof or a verifying key consists of. Nothing is verified here. */
import { VerifyError } from "../../errors.ts";
import { idOf, modelId } from "../../proof/key.ts";
import { decodeProof, type Proof } from "../../proof/proof.ts";
import { encodeInput, type InputEncoding } from "../../statement/encoding.ts";
import { keyFigures, keyText } from "../describe.ts";
import { UsageError } from "../failure.ts";
import { kindOf, readBytes } from "../files.ts";
import type { Io } from "../io.ts";
import { fileKind, parseKey } from "../keys.ts";
import type { JsonOption } from "../options.ts";
import { aligned, inputJson, inputText, print, printable, size, table } from "../output.ts";

export interface InspectOptions extends JsonOption {
  readonly key?: string;
}

export async function inspectCommand(path: string, options: InspectOptions, io: Io): Promise<void> {
  const bytes = await readBytes(path, "file");
  const kind = fileKind(bytes);
  if (kind === null) throw new UsageError("file", `${path} is neither a proof nor a verifying key`);
  if (kind === "proof") return inspectProof(path, bytes, options, io);
  if (options.key !== undefined) throw new UsageError("usage", `${path} is itself a verifying key, --key is for a proof`);
  const key = keyFigures(await parseKey(bytes, path), bytes.length);
  print(io, options, { key }, () => keyText(key));
}

async function inspectProof(path: string, bytes: Uint8Array, options: InspectOptions, io: Io): Promise<void> {
  const proof = decoded(path, bytes);
  const beside = path.replace(/\.proof$/, ".vk");
  const keyPath = options.key ?? (beside !== path && (await kindOf(beside)) === "file" ? beside : undefined);
  const keyBytes = keyPath === undefined ? undefined : await readBytes(keyPath, "verifying key");
  const key = keyBytes === undefined || keyPath === undefined ? undefined : await parseKey(keyBytes, keyPath);
  const id = idOf(proof.key);
  if (key && modelId(key) !== id)
    throw new UsageError("statement/key", `${path} was made for the model id ${id}, ${keyPath} has ${modelId(key)}`);
  const parts = [
    { name: "header", bytes: 52 },
    { name: "input", bytes: bytes.length - 52 - 4 * proof.words.length },
    { name: "messages and openings", bytes: 4 * proof.words.length },
  ];
  const figures = key && keyBytes ? keyFigures(key, keyBytes.length) : undefined;
  const readable = key && accepts(key.input, proof.input) ? key.input : undefined;
  const statement = { modelId: id, output: proof.output, ...(readable && { input: inputJson(readable, proof.input) }) };
  print(io, options, { proof: { bytes: bytes.length, ...statement, parts }, ...(figures && { key: figures }) }, () =>
    [
      aligned([
        ["proof", `${size(bytes.length)}, not verified here`],
        ["model id", id],
        [
          "input",
          readable ? inputText(readable, proof.input) : `${proof.input.length} bytes${key ? " that the model does not accept" : ""}`,
        ],
        ["output", key ? printable(key.output.labels[proof.output] ?? `${proof.output}, which the model has not`) : `${proof.output}`],
      ]),
      "",
      table(
        ["part", "bytes", "share"],
        parts.map((part) => [part.name, `${part.bytes}`, `${((100 * part.bytes) / bytes.length).toFixed(1)} %`]),
      ),
      "",
      figures ? keyText(figures) : "Parameters and proven bits are those of the verifying key: give it with --key",
    ].join("\n"),
  );
}

/** A damaged proof is a wrong argument here: nothing was rejected. */
function decoded(path: string, bytes: Uint8Array): Proof {
  try {
    return decodeProof(bytes);
  } catch (error) {
    if (error instanceof VerifyError) throw new UsageError(error.code, `${path} cannot be read: ${error.message}`);
    throw error;
  }
}

/** Whether raw bytes are an input in this encoding; an unverified proof may hold anything. */
function accepts(encoding: InputEncoding, raw: Uint8Array): boolean {
  try {
    encodeInput(encoding, raw);
    return true;
  } catch {
    return false;
  }
}
