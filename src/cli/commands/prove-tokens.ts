import type { Backend } from "../../backend/backend.ts";
import { commitDecoder, proveTokens } from "../../decoder.ts";
import { encodeKey } from "../../proof/key.ts";
import { type Job, openDecoder, positionsFor, promptOf, shownOf, type TokenFlags } from "../decoders.ts";
import { UsageError } from "../failure.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { showProgress } from "../progress.ts";
import { deliver, proofFiles } from "../proven.ts";
import { withBackend } from "../source.ts";
import { makeSegments, provePart } from "./prove-segments.ts";

export interface ProveTokensOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly output?: string;
  readonly key?: string;
}

export async function proveTokensCommand(source: string, options: ProveTokensOptions, io: Io): Promise<void> {
  if (options.segment !== undefined && (options.segments !== undefined || options.key !== undefined))
    throw new UsageError(
      "usage",
      "--segment k/n proves one segment, without --segments and --key: commit --segments n writes the key of all",
    );
  const decoder = await openDecoder(source);
  const { prompt, count } = await promptOf(decoder, options, io);
  const positions = positionsFor(prompt.length + count, options.positions);
  const job: Job = { decoder, prompt, count, positions };
  if (options.segment !== undefined) return provePart(job, options.segment, options, io);
  const files = await proofFiles(options, decoder.name);
  const { segments } = options;
  const made = await withBackend(options, io, (backend) =>
    segments === undefined ? make(job, backend, options, io) : makeSegments(job, segments, backend, options, io),
  );
  const { model, statement } = shownOf(job, made.statement);
  await deliver(io, options, files, made, model, statement);
}

/** Commits, proves and verifies. */
async function make({ decoder, prompt, count, positions }: Job, backend: Backend, options: ProveTokensOptions, io: Io) {
  await breathe(io.signal);
  const start = performance.now();
  const key = await commitDecoder(decoder, positions, { backend, ...targetOf(options) });
  const commitSeconds = (performance.now() - start) / 1000;
  await breathe(io.signal);
  const view = showProgress(io);
  const how = { backend, signal: io.signal, onProgress: view.onProgress, awaitPhases: true, check: true };
  const proven = await proveTokens(key, prompt, count, how).finally(view.stop);
  await breathe(io.signal);
  return {
    ...proven,
    id: key.id,
    regime: key.verifying.parameters.regime,
    keyBytes: encodeKey(key.verifying),
    commitSeconds,
  };
}
