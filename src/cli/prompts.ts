/** What a language model reads and writes, as the command line has it: the tokens of a text, how many positions they take, and statements in words. */

import type { Tokenizer } from "../model/tokenizer/tokenizer.ts";
import { mostPositions } from "../model/transformer/integer-run.ts";
import type { LanguageModel } from "../model/transformer/load.ts";
import type { TokenStatement } from "../statement/tokens.ts";
import { UsageError } from "./failure.ts";
import { textOf } from "./input.ts";
import type { Io } from "./io.ts";
import { printable } from "./output.ts";
import type { Shown } from "./proven.ts";
import type { TokenFlags } from "./transformers.ts";

/** Tokens that a decoder writes where nobody says how many. */
const TOKENS = 32;

/** The tokens of a text. @throws UsageError (usage, input) */
export async function tokensOf({ name, tokenizer }: LanguageModel, input: string | undefined, io: Io): Promise<number[]> {
  if (input === undefined) throw new UsageError("usage", `${name} reads a text: give --input <text>`);
  const text = input === "-" ? textOf(await io.stdin()) : input;
  try {
    return tokenizer.encode(text);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError("input", error.message);
    throw error;
  }
}

/** A prompt's tokens, and how many are to follow. @throws UsageError (usage, input) */
export async function promptOf(model: LanguageModel, flags: TokenFlags, io: Io): Promise<{ prompt: number[]; count: number }> {
  const prompt = startOf(model, await tokensOf(model, flags.input, io));
  const count = flags.tokens ?? TOKENS;
  const [read, most] = [prompt.length + count - 1, mostPositions(model.program)];
  if (read > most)
    throw new UsageError(
      "input",
      `${prompt.length} tokens of input and ${count} that follow take ${read} positions, ${model.name} has ${most}`,
    );
  return { prompt, count };
}

/** What a decoder reads of a text's tokens: its first token, if there are none. */
export function startOf({ tokenizer }: LanguageModel, tokens: number[]): number[] {
  return tokens.length > 0 ? tokens : [tokenizer.first];
}

/** A text's tokens for an encoder. @throws UsageError (usage, input) */
export async function textFor(model: LanguageModel, input: string | undefined, io: Io): Promise<number[]> {
  const tokens = await tokensOf(model, input, io);
  const most = mostPositions(model.program);
  if (tokens.length > most) throw new UsageError("input", `The text has ${tokens.length} tokens, ${model.name} takes up to ${most}`);
  return tokens;
}

/** Positions for a number of tokens that are read: as given, or the power of two from 16 on that they fit, if the model has so many. @throws UsageError (usage) */
export function positionsFor(model: LanguageModel, read: number, given: number | undefined): number {
  if (given !== undefined && given < read) throw new UsageError("usage", `These tokens need --positions ${read}, not ${given}`);
  let positions = 16;
  while (positions < read) positions *= 2;
  return given ?? Math.min(positions, mostPositions(model.program));
}

/** The text of tokens. A model may have more tokens than its tokenizer, as padding: those become U+FFFD. */
export function decoded(tokenizer: Tokenizer, tokens: readonly number[]): string {
  const text = (some: readonly number[]): string | null => {
    try {
      return tokenizer.decode(some);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  };
  const whole = text(tokens);
  if (whole !== null) return whole;
  const runs: number[][] = [[]];
  for (const token of tokens) {
    if (text([token]) === null) runs.push([]);
    else runs.at(-1)?.push(token);
  }
  return runs.map((run) => text(run) ?? "").join("\ufffd");
}

/** A statement with its text. */
export function statementJson({ tokenizer }: LanguageModel, { prompt, generated }: TokenStatement) {
  const text = decoded(tokenizer, prompt);
  const whole = decoded(tokenizer, [...prompt, ...generated]);
  return { prompt: { text, tokens: prompt }, generated: { text: whole.slice(text.length), tokens: generated } };
}

/** Text of a model on a terminal. */
const SHOWN = 2000;

/** A decoder's statement that is to be proven. */
export interface Job {
  /** How the command line names the model. */
  readonly source: string;
  readonly model: LanguageModel;
  readonly prompt: readonly number[];
  readonly count: number;
  readonly positions: number;
}

/** Model and positions as they are printed. */
export function modelShown({ name }: LanguageModel, positions: number): Shown {
  return { rows: [["model", `${printable(name)}, for up to ${positions} positions`]], fields: { model: name } };
}

/** A decoder's statement as it is printed. */
export function statementShown({ model, positions }: Pick<Job, "model" | "positions">, statement: TokenStatement): Shown {
  const { prompt, generated } = statementJson(model, statement);
  return {
    rows: [
      ["prompt", `${prompt.tokens.length} tokens: ${printable(prompt.text, SHOWN)}`],
      ["output", `${generated.tokens.length} tokens: ${printable(generated.text, SHOWN)}`],
    ],
    fields: { positions, prompt, generated },
  };
}
