import type { Backend } from "../../backend/backend.ts";
import { commitDecoder, type Decoder, proveTokens } from "../../decoder.ts";
import { encodeKey } from "../../proof/key.ts";
import { openDecoder, positionsFor, promptOf, statementJson, type TokenFlags } from "../decoders.ts";
import { breathe, type Io } from "../io.ts";
import { type BackendFlags, type JsonOption, type SecurityFlags, targetOf } from "../options.ts";
import { printable } from "../output.ts";
import { showProgress } from "../progress.ts";
import { deliver, proofFiles } from "../proven.ts";
import { withBackend } from "../source.ts";

export interface ProveTokensOptions extends JsonOption, BackendFlags, SecurityFlags, TokenFlags {
  readonly output?: string;
  readonly key?: string;
}

/** Text of a model on a terminal. */
const SHOWN = 2000;

export async function proveTokensCommand(source: string, options: ProveTokensOptions, io: Io): Promise<void> {
  const decoder = await openDecoder(source);
  const { prompt, count } = await promptOf(decoder, options, io);
  const positions = positionsFor(prompt.length + count, options.positions);
  const files = await proofFiles(options, decoder.name);
  const made = await withBackend(options, io, (backend) => make(decoder, prompt, count, positions, backend, options, io));
  const statement = statementJson(decoder, made.statement);
  const rows = [
    ["prompt", `${prompt.length} tokens: ${printable(statement.prompt.text, SHOWN)}`],
    ["output", `${count} tokens: ${printable(statement.generated.text, SHOWN)}`],
  ] as const;
  const model = {
    rows: [["model", `${printable(decoder.name)}, for up to ${positions + 1} tokens`]] as const,
    fields: { model: decoder.name },
  };
  await deliver(io, options, files, made, model, { rows, fields: { positions, ...statement } });
}

/** Commits, proves and verifies. */
async function make(
  decoder: Decoder,
  prompt: readonly number[],
  count: number,
  positions: number,
  backend: Backend,
  options: ProveTokensOptions,
  io: Io,
) {
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
