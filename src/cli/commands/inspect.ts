/** `circlet inspect`: what a proof or a verifying key consists of. With the key it is also verified, because the sizes are those that the verifier reads. */
import { VerifyError } from "../../errors.ts";
import { idOf, modelId } from "../../proof/key.ts";
import { decodeProof } from "../../proof/proof.ts";
import { type ProofPart, proofSizes } from "../../proof/sizes.ts";
import { decodeSegments } from "../../segments/proof.ts";
import { verifySegments } from "../../segments/verify.ts";
import { keyFigures, keyText } from "../describe.ts";
import { segmentFigures, segmentsText } from "../describe-segments.ts";
import { UsageError } from "../failure.ts";
import { kindOf, readBytes } from "../files.ts";
import type { Io } from "../io.ts";
import { type AnyKey, fileKind, formOf, isSegmented, parseKey } from "../keys.ts";
import type { JsonOption } from "../options.ts";
import { aligned, inputJson, inputText, outputText, print, size, table } from "../output.ts";

export interface InspectOptions extends JsonOption {
  readonly key?: string;
}

export async function inspectCommand(path: string, options: InspectOptions, io: Io): Promise<void> {
  const bytes = await readBytes(path, "file");
  const kind = fileKind(bytes);
  if (kind === null) throw new UsageError("file", `${path} is neither a proof nor a verifying key`);
  if (kind === "proof" || kind === "segmented proof") return inspectProof(path, bytes, options, io);
  if (options.key !== undefined) throw new UsageError("usage", `${path} is itself a verifying key, --key is for a proof`);
  const parsed = await parseKey(bytes, path);
  if (isSegmented(parsed)) {
    const figures = segmentFigures(parsed);
    return print(io, options, { key: { bytes: bytes.length, ...figures } }, () => segmentsText(figures, bytes.length));
  }
  const key = keyFigures(parsed, bytes.length);
  print(io, options, { key }, () => keyText(key));
}

async function inspectProof(path: string, bytes: Uint8Array, options: InspectOptions, io: Io): Promise<void> {
  const beside = path.replace(/\.proof$/, ".vk");
  const keyPath = options.key ?? (beside !== path && (await kindOf(beside)) === "file" ? beside : undefined);
  const keyBytes = keyPath === undefined ? undefined : await readBytes(keyPath, "verifying key");
  const key = keyBytes === undefined || keyPath === undefined ? undefined : await parseKey(keyBytes, keyPath);
  if (fileKind(bytes) === "segmented proof" || (key !== undefined && isSegmented(key)))
    return inspectSegments(path, bytes, key, options, io);
  const proof = readable(path, () => decodeProof(bytes));
  const id = idOf(proof.key);
  if (key && modelId(key) !== id)
    throw new UsageError("statement/key", `${path} was made for the model id ${id}, ${keyPath} has ${modelId(key)}`);
  const parts = key && readable(path, () => proofSizes(key, bytes));
  const figures = key && keyBytes && keyFigures(key, keyBytes.length);
  const label = key?.output.labels[proof.output];
  const statement = {
    modelId: id,
    input: key ? inputJson(key.input, proof.input) : { bytes: proof.input.length },
    output: { index: proof.output, ...(label !== undefined && { label }) },
  };
  print(
    io,
    options,
    {
      proof: { bytes: bytes.length, verified: key !== undefined, ...statement, ...(parts && { parts }) },
      ...(figures && { key: figures }),
    },
    () =>
      [
        aligned([
          ["proof", `${size(bytes.length)}, ${key ? "valid" : "not verified: there is no key"}`],
          ["model id", id],
          ["input", key ? inputText(key.input, proof.input) : `${proof.input.length} bytes`],
          [
            "output",
            key && (label !== undefined || key.input.kind === "tokens" || key.input.kind === "embedding")
              ? outputText(key.input, { index: proof.output, label: label ?? "" })
              : `output ${proof.output}`,
          ],
        ]),
        "",
        parts && figures
          ? `${partsText(parts, bytes.length)}\n\n${keyText(figures)}`
          : "Sizes by part, parameters and proven bits need the verifying key: --key <file>",
      ].join("\n"),
  );
}

/** A proof in segments, or one of them with the key of all. */
function inspectSegments(path: string, bytes: Uint8Array, key: AnyKey | undefined, options: InspectOptions, io: Io): void {
  if (key !== undefined && !isSegmented(key))
    throw new UsageError("key", `${path} is a proof in segments, its key is one of a single proof`);
  const isWhole = fileKind(bytes) === "segmented proof";
  const proofs = isWhole ? readable(path, () => decodeSegments(bytes)) : [bytes];
  const statement = key && isWhole ? readable(path, () => verifySegments(key, bytes, { minBits: 0 })) : undefined;
  const segments = proofs.map((proof) => {
    const id = idOf(readable(path, () => decodeProof(proof)).key);
    const place = key?.segments.findIndex((segment) => modelId(segment) === id) ?? -1;
    return { ...(place >= 0 && { segment: place + 1 }), keyDigest: id, bytes: proof.length };
  });
  const json = { proof: { bytes: bytes.length, verified: statement !== undefined, segments }, ...(key && { key: segmentFigures(key) }) };
  print(io, options, json, () =>
    [
      aligned([
        [
          "proof",
          `${size(bytes.length)}, ${statement ? "valid" : isWhole ? "not verified: there is no key" : "of one segment, which shows nothing alone"}`,
        ],
        ...(statement && key
          ? [
              ["model id", statement.modelId] as const,
              ["input", inputText(formOf(key).input, statement.input)] as const,
              ["output", outputText(formOf(key).input, statement.output)] as const,
            ]
          : []),
      ]),
      "",
      table(
        ["segment", "bytes", "key digest"],
        segments.map((s, i) => [`${s.segment ?? (isWhole ? i + 1 : "?")}`, `${s.bytes}`, s.keyDigest]),
      ),
    ].join("\n"),
  );
}

function partsText(parts: readonly ProofPart[], total: number): string {
  return table(
    ["part", "bytes", "share"],
    parts.map((p) => [p.part, `${p.bytes}`, `${((100 * p.bytes) / total).toFixed(1)} %`]),
  );
}

/** A damaged proof is a wrong argument here, not a rejected one. */
function readable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof VerifyError) throw new UsageError(error.code, `Cannot inspect ${path}: ${error.message}`);
    throw error;
  }
}
