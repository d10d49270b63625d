/**
 * The prover of text encoders: an encoder, committed for a number of positions, and proofs that a text has the embedding that it has.
 *
 * @example
 * const encoder = loadTransformer(openTransformer(await findTransformer("./all-MiniLM-L6-v2")));
 * const key = await commitEncoder(encoder, 32, { backend });
 * const { proof } = await proveEmbedding(key, encoder.tokenizer.encode("a text"), { backend });
 * verify(key.verifying, proof).embedding; // tokens and cells
 */
import type { Backend, Column, Session } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import { ModelError } from "./errors.ts";
import { type CompiledEncoder, compileEncoder, embed } from "./model/transformer/compile.ts";
import { computeEncoder, type DeviceRun } from "./model/transformer/device.ts";
import type { LanguageModel } from "./model/transformer/load.ts";
import { modelId, type VerifyingKey } from "./proof/key.ts";
import { commitSystem, type SecurityTarget, type WeightData } from "./prover/commit.ts";
import type { Computed } from "./prover/prove.ts";
import { onDevice, type ProofReport, proveReported, type ReportedOptions } from "./prover/report.ts";
import { type EmbeddingStatement, embeddingBytes } from "./statement/embedding.ts";
import type { ColumnId } from "./system/types.ts";

/** An encoder with its verifying key and what its prover needs. */
export interface EncoderKey {
  /** The model id: of the model and its number of positions. */
  readonly id: string;
  readonly verifying: VerifyingKey;
  readonly weights: WeightData;
  readonly compiled: CompiledEncoder;
}

export interface ProvenEmbedding {
  readonly proof: Uint8Array;
  readonly statement: EmbeddingStatement;
  readonly report: ProofReport;
}

/** The verifying key for texts of up to `positions` tokens. @throws ModelError if the encoder cannot be proven */
export async function commitEncoder(
  { name, program }: Pick<LanguageModel, "name" | "program">,
  positions: number,
  options: { readonly backend: Backend } & SecurityTarget,
): Promise<EncoderKey> {
  if (!program.final) throw new ModelError(`${name} is a decoder: it has no embeddings`);
  const compiled = compileEncoder(program, positions);
  const description = {
    name,
    input: compiled.input,
    inputColumn: compiled.tokens,
    output: { labels: [] },
    outputColumn: compiled.embedding,
  };
  const { verifying, weights } = await onDevice(options.backend, (backend) => commitSystem(compiled.built, description, backend, options));
  return { id: modelId(verifying), verifying, weights, compiled };
}

/**
 * The embedding of a text, in exact integers, without a proof: sums over the tokens.
 * @throws RangeError @throws ModelError if a value leaves its bits, or if it is a decoder
 */
export function runEncoder({ program }: Pick<LanguageModel, "program">, tokens: readonly number[]): EmbeddingStatement {
  if (!program.final) throw new ModelError(`${program.name} is a decoder: it has no embeddings`);
  if (tokens.length === 0) throw new RangeError("A text of no tokens has no embedding");
  return embed(program, tokens);
}

/**
 * Proves the embedding of a text.
 * @throws RangeError if there is no room for it; ModelError if a value leaves its bits; the signal's reason if aborted; DeviceError if the backend cannot, or if
 * its proof does not stand the check
 */
export function proveEmbedding(
  { compiled, verifying, weights }: EncoderKey,
  tokens: readonly number[],
  options: ReportedOptions,
): Promise<ProvenEmbedding> {
  return onDevice(options.backend, async (backend) => {
    let statement: EmbeddingStatement = { tokens, cells: new Int32Array() };
    const compute = async (session: Session, column: (id: ColumnId) => Column): Promise<Computed> => {
      const run = await (backend.witness === "device"
        ? computeEncoder(compiled, tokens, session, column)
        : uploadedEncoder(compiled, tokens, session));
      statement = run.statement;
      return { input: embeddingBytes(statement), output: tokens.length, columns: run.columns };
    };
    const { proof, report } = await proveReported(backend, verifying, weights, () => ({ compute }), options);
    return { proof, statement, report };
  });
}

/** The witness made by the host. */
function uploadedEncoder(compiled: CompiledEncoder, tokens: readonly number[], session: Session): DeviceRun<Column, EmbeddingStatement> {
  const { statement, witness } = compiled.run(tokens);
  return { statement, columns: new Map([...witness()].map(([id, values]) => [id, session.upload(toWords(values), 1)])) };
}
