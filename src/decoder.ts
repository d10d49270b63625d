/**
 * The prover of language models: a decoder, committed for a number of positions, and proofs that it continues a prompt by the tokens that it does.
 *
 * @example
 * const decoder = loadTransformer(openTransformer({ kind: "gguf", name: "stories260K", file: memorySource(bytes) }));
 * const key = await commitDecoder(decoder, 64, { backend });
 * const { proof, statement } = await proveTokens(key, decoder.tokenizer.encode("Once upon a time"), 59, { backend });
 * verify(key.verifying, proof).tokens; // statement
 */
import type { Backend, Column, Session } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import { ModelError } from "./errors.ts";
import { type CompiledDecoder, compileDecoder } from "./model/transformer/compile.ts";
import { computeDecoder, type DeviceRun, runOf } from "./model/transformer/device.ts";
import { continueGreedily } from "./model/transformer/float.ts";
import { IntegerTransformer } from "./model/transformer/integer.ts";
import type { LanguageModel } from "./model/transformer/load.ts";
import type { TransformerProgram } from "./model/transformer/program.ts";
import type { Tick } from "./pcs/prove-commit.ts";
import { modelId, type VerifyingKey } from "./proof/key.ts";
import { commitSystem, type SecurityTarget, type WeightData } from "./prover/commit.ts";
import type { Computed } from "./prover/prove.ts";
import { onDevice, type ProofReport, proveReported, type ReportedOptions } from "./prover/report.ts";
import { type TokenStatement, tokenBytes } from "./statement/tokens.ts";
import type { ColumnId } from "./system/types.ts";

/** A decoder with its verifying key and what its prover needs. */
export interface DecoderKey {
  /** The model id: of the model and its number of positions. */
  readonly id: string;
  readonly verifying: VerifyingKey;
  readonly weights: WeightData;
  readonly compiled: CompiledDecoder;
}

export interface ProvenTokens {
  readonly proof: Uint8Array;
  readonly statement: TokenStatement;
  readonly report: ProofReport;
}

/** The verifying key for up to `positions` + 1 tokens. @throws ModelError if the decoder cannot be proven */
export async function commitDecoder(
  decoder: Pick<LanguageModel, "name" | "program">,
  positions: number,
  options: { readonly backend: Backend } & SecurityTarget,
): Promise<DecoderKey> {
  if (decoder.program.final) throw new ModelError(`${decoder.name} is an encoder: it has no tokens that follow`);
  const compiled = compileDecoder(decoder.program, positions);
  const description = {
    name: decoder.name,
    input: compiled.input,
    inputColumn: compiled.tokens,
    output: { labels: [] },
    outputColumn: compiled.next,
  };
  const { verifying, weights } = await onDevice(options.backend, (backend) => commitSystem(compiled.built, description, backend, options));
  return { id: modelId(verifying), verifying, weights, compiled };
}

/**
 * The greedy continuation by `count` tokens, in exact integers, without a proof.
 * @throws RangeError @throws ModelError if a value leaves its bits, or if it is an encoder
 */
export function runDecoder({ program }: Pick<LanguageModel, "program">, prompt: readonly number[], count: number): TokenStatement {
  refuseEncoder(program);
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`A prompt is continued by at least one token, not by ${count}`);
  const decoder = new IntegerTransformer(program, prompt.length + count - 1);
  const tokens = continueGreedily((token) => decoder.step(token), prompt, count);
  return { prompt, generated: tokens.slice(prompt.length) };
}

/**
 * The same on a backend: where witnesses are made on the device, the tokens are generated there, and one pass over all of them holds every value against its range.
 * @throws what `runDecoder` throws, and DeviceError if the backend cannot
 */
export function runDecoderOn(
  decoder: Pick<LanguageModel, "program">,
  prompt: readonly number[],
  count: number,
  options: { readonly backend: Backend },
): Promise<TokenStatement> {
  return onDevice(options.backend, async (backend) => {
    refuseEncoder(decoder.program);
    if (backend.witness !== "device") return runDecoder(decoder, prompt, count);
    const compiled = compileDecoder(decoder.program, Math.max(1, prompt.length + count - 1));
    const session = backend.open();
    try {
      const uploaded = new Map<ColumnId, Column>();
      const weight = (id: ColumnId): Column => {
        const column = uploaded.get(id) ?? session.upload(toWords(compiled.built.weights.get(id) ?? new Int32Array()), 1);
        uploaded.set(id, column);
        return column;
      };
      return (await computeDecoder(compiled, prompt, count, session, weight, async () => undefined)).statement;
    } finally {
      session.end();
    }
  });
}

function refuseEncoder({ name, final }: Pick<TransformerProgram, "name" | "final">): void {
  if (final) throw new ModelError(`${name} is an encoder: it has no tokens that follow`);
}

/**
 * Proves the greedy continuation of a prompt by `count` tokens.
 * @throws RangeError if there is no room for it; ModelError if a value leaves its bits; the signal's reason if aborted; DeviceError if the backend cannot, or if
 * its proof does not stand the check
 */
export function proveTokens(key: DecoderKey, prompt: readonly number[], count: number, options: ReportedOptions): Promise<ProvenTokens> {
  return onDevice(options.backend, (backend) => proveOn(backend, key, prompt, count, options));
}

/**
 * Proves that given tokens are the greedy continuation of a prompt. Where witnesses are made on the device, this is one pass over all tokens, without a generation.
 * @throws what `proveTokens` throws, and ModelError if the model prefers another token
 */
export function proveText(key: DecoderKey, { prompt, generated }: TokenStatement, options: ReportedOptions): Promise<ProvenTokens> {
  return onDevice(options.backend, (backend) => proveOn(backend, key, prompt, generated, options));
}

async function proveOn(
  backend: Backend,
  { compiled, verifying, weights }: DecoderKey,
  prompt: readonly number[],
  continuation: number | readonly number[],
  options: ReportedOptions,
): Promise<ProvenTokens> {
  let statement: TokenStatement = { prompt, generated: [] };
  const compute = async (session: Session, column: (id: ColumnId) => Column, tick: Tick): Promise<Computed> => {
    const run = await (backend.witness === "device"
      ? computeDecoder(compiled, prompt, continuation, session, column, tick)
      : uploadedDecoder(compiled, prompt, continuation, session));
    statement = run.statement;
    return { input: tokenBytes(statement), output: statement.generated.length, columns: run.columns };
  };
  const { proof, report } = await proveReported(backend, verifying, weights, () => ({ compute }), options);
  return { proof, statement, report };
}

/** The witness made by the host. */
function uploadedDecoder(
  compiled: CompiledDecoder,
  prompt: readonly number[],
  continuation: number | readonly number[],
  session: Session,
): DeviceRun<Column> {
  const run = runOf(compiled, prompt, continuation);
  const columns = new Map([...run.witness()].map(([id, values]) => [id, session.upload(toWords(values), 1)]));
  return { statement: run.statement, columns };
}
