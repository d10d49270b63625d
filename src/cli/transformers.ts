/** Language models as the command line names them: bundled ones, .gguf files, Hugging Face folders and hub ids; and their recipes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenTransformer } from "../model/huggingface/open.ts";
import { bundledLocation } from "../model/load.ts";
import type { ByteSource } from "../model/source.ts";
import type { LanguageModel } from "../model/transformer/load.ts";
import { RECIPE_FILE } from "../model/transformer/recipe.ts";
import { decodeUtf8 } from "../statement/utf8.ts";
import { blaming, UsageError } from "./failure.ts";
import { kindOf, readBytes, reason } from "./files.ts";
import { breathe, type Io } from "./io.ts";
import type { SegmentOf } from "./options.ts";
import { size } from "./output.ts";
import { BUNDLED_TRANSFORMERS, loading } from "./source.ts";

export interface TokenFlags {
  readonly input?: string;
  readonly tokens?: number;
  readonly positions?: number;
  readonly recipe?: string;
  readonly segments?: number;
  readonly segment?: SegmentOf;
}

/** Bytes of a download between two lines that tell of it. */
const STEP = 16 * 2 ** 20;

/** Files of other kinds, whose paths can look like hub ids. */
const OTHER_FILES = /\.(onnx|vk|proof|json|npy|txt|safetensors)$/i;

/** Whether an argument names a language model. */
export async function isTransformer(source: string | undefined): Promise<boolean> {
  if (source === undefined || OTHER_FILES.test(source)) return false;
  if (isBundled(source) || /\.gguf$/i.test(source)) return true;
  const kind = await kindOf(source);
  if (kind === "folder") return existsSync(join(source, "config.json"));
  const { isHubId } = await import("../model/huggingface/hub.ts");
  return kind === null && isHubId(source);
}

/** @throws UsageError (usage) if one of the flags is given: they are for language models */
export function refuse<K extends string>(flags: { readonly [name in K]?: unknown }, names: readonly K[]): void {
  for (const name of names) if (flags[name] !== undefined) throw new UsageError("usage", `--${name} is for a language model`);
}

function isBundled(source: string): boolean {
  return (BUNDLED_TRANSFORMERS as readonly string[]).includes(source);
}

/** A model's folder or file. */
function pathOf(source: string): string {
  return isBundled(source) ? fileURLToPath(`${bundledLocation()}/${source}`) : source;
}

/** A model in floats, with its tokenizer, and the recipe that lies beside it. */
export interface FloatModel extends OpenTransformer {
  readonly recipe: ByteSource | null;
}

/** Opens a model. @throws UsageError (file, model) */
export async function openFloat(source: string, io: Io): Promise<FloatModel> {
  const path = pathOf(source);
  if (isGguf(path) && (await kindOf(path)) !== "file")
    throw new UsageError("file", `Cannot read the model ${source}: there is no such file`);
  const { fileSource, findTransformer } = await import("../model/huggingface/node.ts");
  const { openTransformer } = await import("../model/huggingface/open.ts");
  return loading(source, async () => {
    const found = await findTransformer(path, { report: downloads(io), signal: io.signal }).catch((error: unknown) => {
      throw error instanceof Error && error.constructor === Error ? new UsageError("file", unreadable(source, error)) : error;
    });
    if (!found)
      throw new UsageError("model", `${source} is no language model: want a .gguf file, a folder with config.json, or a name at the hub`);
    const beside = recipePlace(source);
    const recipe =
      found.kind === "folder" ? found.open(RECIPE_FILE) : beside !== null && existsSync(beside) ? await fileSource(beside) : null;
    return { ...openTransformer(found), recipe };
  });
}

/** Tells of every 16 MiB of a file, and of its end. */
function downloads(io: Io): (file: string, received: number, total: number | null) => void {
  let told = "";
  return (file, received, total) => {
    const line = `downloads ${file}: ${size(received - (received === total ? 0 : received % STEP))}${total === null ? "" : ` of ${size(total)}`}\n`;
    if (line !== told) io.stderr.write(line);
    told = line;
  };
}

/** Why a model's files cannot be had. */
function unreadable(source: string, error: NodeJS.ErrnoException): string {
  return error.code === undefined ? error.message : `Cannot read the model ${source}: ${reason(error)}`;
}

/**
 * Opens a model and quantizes it by its recipe: the one given, the one beside it, or scales calibrated on sample texts.
 * @throws UsageError (file, model), and (usage) for flags of decoders if it is an encoder
 */
export async function openLanguageModel(source: string, flags: TokenFlags, io: Io): Promise<LanguageModel> {
  const open = await openFloat(source, io);
  if (open.transformer.config.output === "mean")
    for (const flag of ["tokens", "segments", "segment"] as const)
      if (flags[flag] !== undefined) throw new UsageError("usage", `${open.name} is an encoder: --${flag} is for decoders`);
  const { loadTransformer } = await import("../model/transformer/load.ts");
  const bytes = flags.recipe === undefined ? open.recipe?.read(0, open.recipe.length) : await readBytes(flags.recipe, "recipe");
  if (bytes !== undefined)
    return blaming(
      "model",
      (message) => `Cannot use the recipe ${flags.recipe ?? `beside ${source}`}: ${message}`,
      () => loadTransformer(open, decodeUtf8(bytes)),
    );
  io.stderr.write(`calibrates ${source} on sample texts; circlet quantize stores what it finds\n`);
  await breathe(io.signal);
  const model = await loading(source, () => loadTransformer(open));
  await breathe(io.signal);
  return model;
}

/** Where the recipe of a folder or .gguf file is looked for; null for a hub id, which has it in its cache folder. */
export function recipePlace(source: string): string | null {
  const path = pathOf(source);
  if (isGguf(path)) return recipeOfGguf(path);
  return existsSync(path) ? join(path, RECIPE_FILE) : null;
}

export function isGguf(path: string): boolean {
  return /\.gguf$/i.test(path);
}

/** x.circlet.json of x.gguf. */
export function recipeOfGguf(path: string): string {
  return path.replace(/gguf$/i, RECIPE_FILE);
}
