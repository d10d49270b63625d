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
import { printable } from "../output.ts";
import { showProgress } from "../progress.ts";
import { deliver, proofFiles, type Shown } from "../proven.ts";
import { withBackend } from "../source.ts";
import { openLanguageModel, positionsFor, promptOf, statementJson, type TokenFlags, tokensOf } from "../transformers.ts";

export interface ProveTokensOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly output?: string;
  readonly key?: string;
}

/** Text of a model on a terminal. */
const SHOWN = 2000;

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
  return model.program.final ? proveText(model, options, io) : proveContinuation(model, options, io);
}

async function proveContinuation(model: LanguageModel, options: ProveTokensOptions, io: Io): Promise<void> {
  const { prompt, count } = await promptOf(model, options, io);
  const positions = positionsFor(prompt.length + count - 1, options.positions);
  await make(model, options, io, {
    positions,
    commit: (backend) => commitDecoder(model, positions, { backend, ...targetOf(options) }),
    prove: (key, how) => proveTokens(key, prompt, count, how),
    shown: (proven) => {
      const statement = statementJson(model, proven.statement);
      return {
        rows: [
          ["prompt", `${prompt.length} tokens: ${printable(statement.prompt.text, SHOWN)}`],
          ["output", `${count} tokens: ${printable(statement.generated.text, SHOWN)}`],
        ],
        fields: { positions, ...statement },
      };
    },
  });
}

async function proveText(model: LanguageModel, options: ProveTokensOptions, io: Io): Promise<void> {
  if (options.tokens !== undefined) throw new UsageError("usage", `${model.name} is an encoder: it writes no --tokens`);
  const tokens = await tokensOf(model, options.input, io);
  const positions = positionsFor(tokens.length, options.positions);
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
  const named = {
    rows: [["model", `${printable(model.name)}, for up to ${positions} positions`]] as const,
    fields: { model: model.name },
  };
  await deliver(io, options, files, { ...proven, ...about }, named, shown(proven));
}
