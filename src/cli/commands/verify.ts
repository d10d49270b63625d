/** `circlet verify`: accepts or rejects a proof by a verifying key, or by a model whose key is recomputed. */
import { VerifyError } from "../../errors.ts";
import { DEFAULT_MIN_BITS, type Statement } from "../../verifier/verify.ts";
import { verify, verifySegments } from "../../verify.ts";
import { EXIT } from "../failure.ts";
import { readBytes } from "../files.ts";
import type { Io } from "../io.ts";
import { type AnyKey, fileKind, formOf, isSegmented, keyOf } from "../keys.ts";
import type { BackendFlags, JsonOption, SecurityFlags } from "../options.ts";
import { aligned, inputJson, inputText, outputText, print, printable, seconds, size } from "../output.ts";

export interface VerifyOptions extends JsonOption, BackendFlags, SecurityFlags {
  readonly key: string;
  readonly input?: string;
  readonly minBits?: number;
  readonly positions?: number;
  readonly segments?: number;
}

/** @returns 0 if accepted, 1 if rejected */
export async function verifyCommand(path: string, options: VerifyOptions, io: Io): Promise<number> {
  const proof = await readBytes(path, "proof");
  const key = await keyOf(options.key, options, io);
  const form = formOf(key);
  const wanted = options.input === undefined ? null : await (await import("../input.ts")).readInput(options.input, form, io);
  const start = performance.now();
  const statement = judge(key, proof, options.minBits ?? DEFAULT_MIN_BITS);
  const elapsed = (performance.now() - start) / 1000;
  if ("code" in statement) return reject(io, options, statement);
  if (wanted && (wanted.length !== statement.input.length || wanted.some((byte, i) => byte !== statement.input[i]))) {
    return reject(io, options, {
      code: "input/other",
      message: `The proof holds, but for another input: ${inputText(form.input, statement.input)}`,
    });
  }
  const { modelName, modelId, input, output, bits } = statement;
  const json = {
    accepted: true,
    model: modelName,
    modelId,
    input: inputJson(form.input, input),
    ...(isSegmented(key) && { segments: key.segments.length }),
    output,
    bits,
    proofBytes: proof.length,
    seconds: elapsed,
  };
  print(io, options, json, () =>
    aligned([
      [
        "accepted",
        `${size(proof.length)}${isSegmented(key) ? ` in ${key.segments.length} segments` : ""}, verified in ${seconds(elapsed)}`,
      ],
      ["model", printable(modelName)],
      ["model id", modelId],
      ["input", inputText(form.input, input)],
      ["output", outputText(form.input, output)],
      ["security", `${bits.toFixed(2)} proven bits (${form.parameters.regime})`],
    ]),
  );
  return EXIT.done;
}

function judge(key: AnyKey, proof: Uint8Array, minBits: number): Statement | { readonly code: string; readonly message: string } {
  if (isSegmented(key) && fileKind(proof) === "proof")
    return {
      code: "segments/count",
      message: `The proof is of one segment at most, its key has ${key.segments.length}: join the segments`,
    };
  try {
    return isSegmented(key) ? verifySegments(key, proof, { minBits }) : verify(key, proof, { minBits });
  } catch (error) {
    if (error instanceof VerifyError) return { code: error.code, message: error.message };
    throw error;
  }
}

function reject(io: Io, options: JsonOption, error: { readonly code: string; readonly message: string }): number {
  if (options.json) print(io, options, { accepted: false, error }, () => "");
  io.stderr.write(`rejected: ${printable(error.message, 400)}\n`);
  return EXIT.rejected;
}
