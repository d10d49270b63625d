/** Language models as the command line names them: bundled ones, .gguf files, Hugging Face folders and hub ids; their recipes, prompts and positions. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenTransformer } from "../model/huggingface/open.ts";
import { bundledLocation } from "../model/load.ts";
import type { LanguageModel } from "../model/transformer/load.ts";
import { RECIPE_FILE } from "../model/transformer/recipe.ts";
import type { TokenStatement } from "../statement/tokens.ts";
import { decodeUtf8 } from "../statement/utf8.ts";
import { UsageError } from "./failure.ts";
import { kindOf, readBytes } from "./files.ts";
import { textOf } from "./input.ts";
import type { Io } from "./io.ts";
import type { SegmentOf } from "./options.ts";
import { printable } from "./output.ts";
import type { Shown } from "./proven.ts";
import { loading } from "./source.ts";

/** Language models that are part of the package. */
export const BUNDLED_TRANSFORMERS = ["ishmael"] as const;

export interface TokenFlags {
  readonly input?: string;
  readonly tokens?: number;
  readonly positions?: number;
  readonly recipe?: string;
  readonly segments?: number;
  readonly segment?: SegmentOf;
}

/** Tokens that a decoder writes where nobody says how many. */
const TOKENS = 32;

/** Whether an argument names a language model. */
export async function isTransformer(source: string | undefined): Promise<boolean> {
  if (source === undefined) return false;
  if (isBundled(source) || /\.gguf$/i.test(source)) return true;
  const kind = await kindOf(source);
  if (kind === "folder") return existsSync(join(source, "config.json"));
  const { isHubId } = await import("../model/huggingface/hub.ts");
  return kind === null && isHubId(source);
}

function isBundled(source: string): boolean {
  return (BUNDLED_TRANSFORMERS as readonly string[]).includes(source);
}

/** A model's folder or file. */
function pathOf(source: string): string {
  return isBundled(source) ? fileURLToPath(`${bundledLocation()}/${source}`) : source;
}

/** A model in floats, with its tokenizer. @throws UsageError (file, model) */
export async function openFloat(source: string, io: Io): Promise<OpenTransformer> {
  const path = pathOf(source);
  if (/\.gguf$/i.test(path) && (await kindOf(path)) !== "file")
    throw new UsageError("file", `Cannot read the model ${source}: there is no such file`);
  const { findTransformer } = await import("../model/huggingface/node.ts");
  const { openTransformer } = await import("../model/huggingface/open.ts");
  let shown = "";
  const report = (file: string, received: number, total: number | null): void => {
    const line = `downloads ${file}: ${Math.floor(received / 2 ** 20)}${total === null ? "" : ` of ${Math.ceil(total / 2 ** 20)}`} MiB\n`;
    if (line !== shown && (received === total || received % (16 * 2 ** 20) < 2 ** 16)) io.stderr.write(line);
    shown = line;
  };
  return loading(source, async () => {
    const found = await findTransformer(path, { report, signal: io.signal });
    if (!found)
      throw new UsageError("model", `${source} is no language model: want a .gguf file, a folder with config.json, or a name at the hub`);
    return openTransformer(found);
  });
}

/** Opens a model and quantizes it by its recipe: the one given, the one beside it, or scales calibrated on sample texts. @throws UsageError (file, model) */
export async function openLanguageModel(source: string, { recipe }: Pick<TokenFlags, "recipe">, io: Io): Promise<LanguageModel> {
  const open = await openFloat(source, io);
  const file = recipe ?? recipeBeside(pathOf(source));
  const text = file === undefined ? undefined : decodeUtf8(await readBytes(file, "recipe"));
  const { loadTransformer } = await import("../model/transformer/load.ts");
  if (text === undefined) io.stderr.write(`calibrates ${source} on sample texts; circlet quantize stores what it finds\n`);
  return loading(source, () => loadTransformer(open, text));
}

/** The recipe's file in a model's folder, or beside its .gguf file, if there is one. */
export function recipeBeside(path: string): string | undefined {
  const file = /\.gguf$/i.test(path) ? path.replace(/gguf$/i, RECIPE_FILE) : join(path, RECIPE_FILE);
  return existsSync(file) ? file : undefined;
}

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
  const prompt = await tokensOf(model, flags.input, io);
  return { prompt: prompt.length > 0 ? prompt : [model.tokenizer.first], count: flags.tokens ?? TOKENS };
}

/** Positions for a number of tokens that are read: as given, or the power of two from 16 on that they fit. @throws UsageError (usage) */
export function positionsFor(read: number, given: number | undefined): number {
  if (given !== undefined && given < read) throw new UsageError("usage", `These tokens need --positions ${read}, not ${given}`);
  let positions = 16;
  while (positions < read) positions *= 2;
  return given ?? positions;
}

/** A statement with its text. */
export function statementJson({ tokenizer }: LanguageModel, { prompt, generated }: TokenStatement) {
  const text = tokenizer.decode(prompt);
  const whole = tokenizer.decode([...prompt, ...generated]);
  return { prompt: { text, tokens: prompt }, generated: { text: whole.slice(text.length), tokens: generated } };
}

/** Text of a model on a terminal. */
const SHOWN = 2000;

/** A decoder's statement that is to be proven. */
export interface Job {
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
