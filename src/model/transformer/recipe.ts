/**
 * The recipe of a quantized transformer: with the model's own files it gives the same integers, and so the same model id, on every runtime. Calibration runs in
 * floating point and may differ in its last bit elsewhere; its result, scales that are whole numbers and powers of two, is stored.
 */
import { ModelError } from "../../errors.ts";
import type { TransformerConfig } from "./model.ts";
import type { TransformerScales } from "./program.ts";

/** The name of a recipe's file in a model's folder; beside a .gguf file it has that file's name before it. */
export const RECIPE_FILE = "circlet.json";
const FORMAT = "circlet transformer 1";

export interface Recipe {
  readonly format: typeof FORMAT;
  /** The model's, of which its id depends. */
  readonly name: string;
  readonly scales: TransformerScales;
  /** How the scales were chosen: for people. */
  readonly calibration: { readonly texts: number; readonly tokens: number; readonly error?: number };
}

export function recipeOf(name: string, scales: TransformerScales, calibration: Recipe["calibration"]): Recipe {
  return { format: FORMAT, name, scales, calibration };
}

const NUMBERS = [
  "residualBits",
  "normExponent",
  "normBits",
  "rootShift",
  "expExponent",
  "scoreShift",
  "queryLimit",
  "scoreLimit",
  "expBits",
  "gateExponent",
  "gateBits",
  "gateHigh",
  "activatedExponent",
  "gatedShift",
  "valueBits",
  "upBits",
  "feedBits",
  "mixedSquareBits",
  "feedSquareBits",
  "finalExponent",
] as const satisfies readonly (keyof TransformerScales)[];

/** A recipe from its JSON, for a model. @throws ModelError if it is none, or of another model */
export function parseRecipe(text: string, config: TransformerConfig): Recipe {
  const value = readObject(text);
  if (value.format !== FORMAT)
    throw new ModelError(`The recipe's format is ${JSON.stringify(value.format) ?? "not named"}, circlet knows "${FORMAT}"`);
  if (typeof value.name !== "string" || value.name === "") throw new ModelError("The recipe has no name of its model");
  const scales = value.scales;
  if (typeof scales !== "object" || scales === null) throw new ModelError("The recipe has no scales");
  const given = scales as Readonly<Record<string, unknown>>;
  for (const name of NUMBERS) if (!isWhole(given[name])) throw new ModelError(`The recipe's ${name} is no integer below 2^30`);
  const list = (name: string, length: number, is: (v: unknown) => boolean): void => {
    const values = given[name];
    if (values === undefined) throw new ModelError(`The recipe has no ${name}`);
    if (!Array.isArray(values) || values.length !== length || !values.every(is))
      throw new ModelError(`The recipe's ${name} do not fit this model: it is another model's`);
  };
  const { layers, heads, keyHeads, gated, queryKeyNorm } = config;
  const all = (count: number, is: (v: unknown) => boolean) => (v: unknown) => Array.isArray(v) && v.length === count && v.every(is);
  const magnitudes = (count: number) => all(count, (m) => typeof m === "number" && m > 0 && Number.isFinite(m));
  const isFalling = (v: unknown, i: number, all: readonly unknown[]) => isWhole(v) && (i === 0 || (v as number) <= (all[i - 1] as number));
  list("residualExponents", 2 * layers + 1, isWhole);
  if (!(given.residualExponents as readonly unknown[]).every(isFalling)) throw new ModelError("The recipe's residualExponents grow");
  list("channelShifts", config.width, (k) => isWhole(k) && (k as number) >= 0);
  list("valueExponents", layers, all(keyHeads * config.headWidth, isWhole));
  list("upExponents", gated ? layers : 0, all(config.hidden, isWhole));
  list("queryMagnitudes", queryKeyNorm ? layers : 0, magnitudes(heads));
  list("keyMagnitudes", queryKeyNorm ? layers : 0, magnitudes(keyHeads));
  return value as unknown as Recipe;
}

function isWhole(v: unknown): boolean {
  return typeof v === "number" && Number.isInteger(v) && Math.abs(v) < 2 ** 30;
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch {
    // told below
  }
  throw new ModelError("The recipe is no JSON object");
}
