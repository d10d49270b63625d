/** `circlet prove` for a language model: what it writes after a prompt, or the embedding of a text. */
import type { Backend } from "../../backend/backend.ts";
import { commitDecoder, proveTokens } from "../../decoder.ts";
import { commitEncoder, proveEmbedding } from "../../encoder.ts";
import type { LanguageModel } from "../../model/transformer/load.ts";
import { encodeKey, type VerifyingKey } from "../../proof/key.ts";
import type { ProofReport, ReportedOptions } from "../../prover/report.ts";
import { embeddingJson, embeddingText } from "../embeddings.ts";
import { UsageError } from "../failure.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { showProgress } from "../progress.ts";
import { modelShown, positionsFor, promptOf, statementShown, textFor } from "../prompts.ts";
import { deliver, proofFiles, type Shown } from "../proven.ts";
import { withBackend } from "../source.ts";
import { openLanguageModel, type TokenFlags } from "../transformers.ts";
import { makeSegments, provePart } from "./prove-segments.ts";

export interface ProveTokensOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly output?: string;
  readonly key?: string;
}

/** A proof with its report. */
interface Proven {
  readonly proof: Uint8Array;
  readonly report: ProofReport;
}

/** What is committed and proven, and how it is told. */
interface Task<K extends { readonly id: string; readonly verifying: VerifyingKey }, P extends Proven> {
  readonly positions: number;
  readonly commit: (backend: Backend) => Promise<K>;
  readonly prove: (key: K, options: ReportedOptions) => Promise<P>;
  readonly shown: (proven: P) => Shown;
}

export async function proveTokensCommand(source: string, options: ProveTokensOptions, io: Io): Promise<void> {
  const model = await openLanguageModel(source, options, io);
  return model.program.final ? proveText(model, options, io) : proveContinuation(source, model, options, io);
}

async function proveContinuation(source: string, model: LanguageModel, options: ProveTokensOptions, io: Io): Promise<void> {
  const { segments, segment } = options;
  if (segment !== undefined && (segments !== undefined || options.key !== undefined))
    throw new UsageError(
      "usage",
      "--segment k/n proves one segment, without --segments and --key: commit --segments n writes the key of all",
    );
  const { prompt, count } = await promptOf(model, options, io);
  const positions = positionsFor(model, prompt.length + count - 1, options.positions);
  const job = { source, model, prompt, count, positions };
  if (segment !== undefined) return provePart(job, segment, options, io);
  if (segments !== undefined) {
    const files = await proofFiles(options, model.name);
    const made = await withBackend(options, io, (backend) => makeSegments(job, segments, backend, options, io));
    return deliver(io, options, files, made, modelShown(model, positions), statementShown(job, made.statement));
  }
  await make(model, options, io, {
    positions,
    commit: (backend) => commitDecoder(model, positions, { backend, ...targetOf(options) }),
    prove: (key, how) => proveTokens(key, prompt, count, how),
    shown: (proven) => statementShown(job, proven.statement),
  });
}

async function proveText(model: LanguageModel, options: ProveTokensOptions, io: Io): Promise<void> {
  const tokens = await textFor(model, options.input, io);
  const positions = positionsFor(model, tokens.length, options.positions);
  await make(model, options, io, {
    positions,
    commit: (backend) => commitEncoder(model, positions, { backend, ...targetOf(options) }),
    prove: (key, how) => proveEmbedding(key, tokens, how),
    shown: ({ statement }) => ({ rows: embeddingText(model, statement), fields: { positions, ...embeddingJson(model, statement) } }),
  });
}

/** Commits, proves, verifies, delivers. */
async function make<K extends { readonly id: string; readonly verifying: VerifyingKey }, P extends Proven>(
  model: LanguageModel,
  options: ProveTokensOptions,
  io: Io,
  { positions, commit, prove, shown }: Task<K, P>,
): Promise<void> {
  const files = await proofFiles(options, model.name);
  const made = await withBackend(options, io, async (backend) => {
    await breathe(io.signal);
    const start = performance.now();
    const key = await commit(backend);
    const commitSeconds = (performance.now() - start) / 1000;
    await breathe(io.signal);
    const view = showProgress(io);
    const how = { backend, signal: io.signal, onProgress: view.onProgress, awaitPhases: true, check: true };
    const proven = await prove(key, how).finally(view.stop);
    await breathe(io.signal);
    return { key, proven, commitSeconds };
  });
  const { key, proven, commitSeconds } = made;
  const about = { id: key.id, regime: key.verifying.parameters.regime, keyBytes: encodeKey(key.verifying), commitSeconds };
  await deliver(io, options, files, { ...proven, ...about }, modelShown(model, positions), shown(proven));
}
