/** `circlet verify`: accepts or rejects a proof by a verifying key, or by a model whose key is recomputed. */
import { VerifyError } from "../../errors.ts";
import type { LanguageModel } from "../../model/transformer/load.ts";
import { DEFAULT_MIN_BITS, type Statement } from "../../verifier/verify.ts";
import { verify, verifySegments } from "../../verify.ts";
import { embeddingJson, embeddingText } from "../embeddings.ts";
import { EXIT, UsageError } from "../failure.ts";
import { readBytes } from "../files.ts";
import type { Io } from "../io.ts";
import { type AnyKey, fileKind, formOf, isSegmented, type OpenKey, openKey } from "../keys.ts";
import type { BackendFlags, JsonOption, SecurityFlags } from "../options.ts";
import { aligned, inputJson, inputText, outputText, print, printable, seconds, size } from "../output.ts";
import { startOf, statementJson, statementShown, tokensOf } from "../prompts.ts";
import type { Shown } from "../proven.ts";

export interface VerifyOptions extends JsonOption, BackendFlags, SecurityFlags {
  readonly key: string;
  readonly input?: string;
  readonly minBits?: number;
  readonly positions?: number;
  readonly segments?: number;
  readonly recipe?: string;
}

/** @returns 0 if accepted, 1 if rejected */
export async function verifyCommand(path: string, options: VerifyOptions, io: Io): Promise<number> {
  const proof = await readBytes(path, "proof");
  const { key, model } = await openKey(options.key, options, io);
  const form = formOf(key);
  const isWanted =
    options.input === undefined ? () => true : await comparison(options.input, { key, ...(model && { model }) }, options, io);
  const start = performance.now();
  const statement = judge(key, proof, options.minBits ?? DEFAULT_MIN_BITS);
  const elapsed = (performance.now() - start) / 1000;
  if ("code" in statement) return reject(io, options, statement);
  const shown = model && shownBy(model, statement);
  if (!isWanted(statement)) {
    const other = shown?.rows[0]?.[1] ?? inputText(form.input, statement.input);
    return reject(io, options, { code: "input/other", message: `The proof holds, but for another input: ${other}` });
  }
  const { modelName, modelId, input, output, bits } = statement;
  const json = {
    accepted: true,
    model: modelName,
    modelId,
    input: inputJson(form.input, input),
    ...shown?.fields,
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
      ...(shown?.rows ?? [
        ["input", inputText(form.input, input)],
        ["output", outputText(form.input, output)],
      ]),
      ["security", `${bits.toFixed(2)} proven bits (${form.parameters.regime})`],
    ]),
  );
  return EXIT.done;
}

/** What a language model's statement says in words. */
function shownBy(model: LanguageModel, { tokens, embedding }: Statement): Shown | undefined {
  if (tokens) {
    const { prompt, generated } = statementJson(model, tokens);
    return { ...statementShown({ model, positions: 0 }, tokens), fields: { prompt, generated } };
  }
  return embedding && { rows: embeddingText(model, embedding), fields: embeddingJson(model, embedding) };
}

/** Whether a statement is of the input that is given. A text is compared by its tokens. @throws UsageError (usage, input, file) */
async function comparison(
  given: string,
  { key, model }: OpenKey,
  options: VerifyOptions,
  io: Io,
): Promise<(statement: Statement) => boolean> {
  const { name, input } = formOf(key);
  if (input.kind === "tokens" || input.kind === "embedding") {
    if (!model) {
      const segments = isSegmented(key) ? ` --segments ${key.segments.length}` : "";
      throw new UsageError(
        "usage",
        `${options.key} has no tokenizer, and a text cannot be compared with tokens without it: give the language model as the key, --key <model> --positions ${input.positions}${segments}`,
      );
    }
    const text = await tokensOf(model, given, io);
    const wanted = input.kind === "tokens" ? startOf(model, text) : text;
    return ({ tokens, embedding }) => isEqual(wanted, tokens?.prompt ?? embedding?.tokens ?? []);
  }
  const wanted = await (await import("../input.ts")).readInput(given, { name, input }, io);
  return ({ input: bytes }) => isEqual(wanted, bytes);
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((v, i) => v === b[i]);
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
