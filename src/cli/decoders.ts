/** Language models as the command line names them: GGUF files, prompts, positions. */
import { basename } from "node:path";
import type { Decoder } from "../decoder.ts";
import type { TokenStatement } from "../statement/tokens.ts";
import { UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";
import { textOf } from "./input.ts";
import type { Io } from "./io.ts";
import type { SegmentOf } from "./options.ts";
import { printable } from "./output.ts";
import type { Shown } from "./proven.ts";
import { loading } from "./source.ts";

/** Text of a model on a terminal. */
const SHOWN = 2000;

export interface TokenFlags {
  readonly input?: string;
  readonly tokens?: number;
  readonly positions?: number;
  readonly segments?: number;
  readonly segment?: SegmentOf;
}

/** Whether an argument names a GGUF file. */
export function isGguf(source: string | undefined): source is string {
  return source !== undefined && /\.gguf$/i.test(source);
}

/** Loads, calibrates and quantizes a decoder. @throws UsageError (file, model) */
export async function openDecoder(source: string): Promise<Decoder> {
  const bytes = await readBytes(source, "model");
  const { loadDecoder } = await import("../decoder.ts");
  return loading(source, () => loadDecoder(bytes, basename(source).replace(/\.gguf$/i, "")));
}

/** A prompt's tokens, and how many are to follow. @throws UsageError (usage, input) */
export async function promptOf(decoder: Decoder, { input, tokens }: TokenFlags, io: Io): Promise<{ prompt: number[]; count: number }> {
  if (input === undefined || tokens === undefined)
    throw new UsageError("usage", `${decoder.name} continues a prompt: give --input <text> and --tokens <n>`);
  const text = input === "-" ? textOf(await io.stdin()) : input;
  try {
    return { prompt: decoder.tokenizer.encode(text), count: tokens };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError("input", error.message);
    throw error;
  }
}

/** Positions for a number of tokens: as given, or the power of two from 16 on that the last token but one fits. @throws UsageError (usage) */
export function positionsFor(tokens: number, given: number | undefined): number {
  if (given !== undefined && given < tokens - 1)
    throw new UsageError("usage", `${tokens} tokens need --positions ${tokens - 1}, not ${given}`);
  let positions = 16;
  while (positions < tokens - 1) positions *= 2;
  return given ?? positions;
}

/** A statement with its text. */
export function statementJson(decoder: Decoder, { prompt, generated }: TokenStatement) {
  const text = decoder.tokenizer.decode(prompt);
  const whole = decoder.tokenizer.decode([...prompt, ...generated]);
  return { prompt: { text, tokens: prompt }, generated: { text: whole.slice(text.length), tokens: generated } };
}

/** What is to be proven. */
export interface Job {
  readonly decoder: Decoder;
  readonly prompt: readonly number[];
  readonly count: number;
  readonly positions: number;
}

/** Model and statement as they are printed. */
export function shownOf({ decoder, positions }: Job, statement: TokenStatement): { readonly model: Shown; readonly statement: Shown } {
  const { prompt, generated } = statementJson(decoder, statement);
  return {
    model: { rows: [["model", `${printable(decoder.name)}, for up to ${positions + 1} tokens`]], fields: { model: decoder.name } },
    statement: {
      rows: [
        ["prompt", `${prompt.tokens.length} tokens: ${printable(prompt.text, SHOWN)}`],
        ["output", `${generated.tokens.length} tokens: ${printable(generated.text, SHOWN)}`],
      ],
      fields: { positions, prompt, generated },
    },
  };
}
