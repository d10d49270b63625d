/**
 * The recipe of a quantized transformer: with the model's own files it gives the same integers, and so the same model id, on every runtime. Calibration runs in
 * floating point and may differ in its last bit elsewhere; its result, scales that are whole numbers and powers of two, is stored.
 */
import { ModelError } from "../../errors.ts";
import type { TransformerConfig } from "./model.ts";
import { FEED_LOW_BITS, LOW_BITS, reciprocalBits, squareWeights, type TransformerScales } from "./program.ts";

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

/** Scales are small: no table that they make is longer than a million rows, no sum of limbs leaves a word, and no power of two is past what a double holds. */
const BOUNDS = {
  residualBits: [LOW_BITS + 1, 24],
  normExponent: [1, 24],
  normBits: [2, 20],
  rootShift: [LOW_BITS + 1, 24],
  expExponent: [0, 14],
  scoreShift: [0, 20],
  queryLimit: [2, 2 ** 20],
  scoreLimit: [1, 2 ** 29],
  expBits: [1, 20],
  gateExponent: [-24, 32],
  gateBits: [2, 20],
  gateHigh: [0, 2 ** 19 - 1],
  activatedExponent: [-25, 33],
  gatedShift: [1, 24],
  valueBits: [2, 20],
  upBits: [2, 20],
  feedBits: [FEED_LOW_BITS + 1, 24],
  mixedSquareBits: [3, 52],
  feedSquareBits: [2 * FEED_LOW_BITS + 1, 52],
  finalExponent: [-24, 32],
} as const satisfies Partial<Record<keyof TransformerScales, readonly [number, number]>>;
/** Exponents of values by site, layer or channel. */
const MOST_EXPONENT = 64;
/** Outliers stand for up to 2^this times as much as others. */
const MOST_SHIFT = 14;
const MOST_MAGNITUDE = 2 ** 30;

/** A recipe from its JSON, for a model. @throws ModelError if it is none, or of another model */
export function parseRecipe(text: string, config: TransformerConfig): Recipe {
  const value = readObject(text);
  if (value.format !== FORMAT)
    throw new ModelError(`The recipe's format is ${JSON.stringify(value.format) ?? "not named"}, circlet knows "${FORMAT}"`);
  if (typeof value.name !== "string" || value.name === "") throw new ModelError("The recipe has no name of its model");
  const scales = value.scales;
  if (typeof scales !== "object" || scales === null) throw new ModelError("The recipe has no scales");
  const given = scales as Readonly<Record<string, unknown>>;
  for (const [name, [low, high]] of Object.entries(BOUNDS))
    if (!isWhole(given[name], low, high)) throw new ModelError(`The recipe's ${name} is no integer from ${low} to ${high}`);
  const list = (name: string, length: number, is: (v: unknown) => boolean): void => {
    const values = given[name];
    if (values === undefined) throw new ModelError(`The recipe has no ${name}`);
    if (!Array.isArray(values) || values.length !== length || !values.every(is))
      throw new ModelError(`The recipe's ${name} do not fit this model: it is another model's`);
  };
  const { layers, heads, keyHeads, gated, queryKeyNorm } = config;
  const all = (count: number, is: (v: unknown) => boolean) => (v: unknown) => Array.isArray(v) && v.length === count && v.every(is);
  const magnitudes = (count: number) => all(count, (m) => typeof m === "number" && m >= 1 / MOST_MAGNITUDE && m <= MOST_MAGNITUDE);
  const isExponent = (v: unknown) => isWhole(v, -MOST_EXPONENT, MOST_EXPONENT);
  const isFalling = (v: unknown, i: number, all: readonly unknown[]) =>
    isExponent(v) && (i === 0 || (v as number) <= (all[i - 1] as number));
  list("residualExponents", 2 * layers + 1, isExponent);
  if (!(given.residualExponents as readonly unknown[]).every(isFalling)) throw new ModelError("The recipe's residualExponents grow");
  list("channelShifts", config.width, (k) => isWhole(k, 0, MOST_SHIFT));
  list("valueExponents", layers, all(keyHeads * config.headWidth, isExponent));
  list("upExponents", gated ? layers : 0, all(config.hidden, isExponent));
  list("queryMagnitudes", queryKeyNorm ? layers : 0, magnitudes(heads));
  list("keyMagnitudes", queryKeyNorm ? layers : 0, magnitudes(keyHeads));
  checkTogether(scales as TransformerScales, config);
  return value as unknown as Recipe;
}

/** What scales have to do with each other. @throws ModelError */
function checkTogether(scales: TransformerScales, config: TransformerConfig): void {
  const { residualBits, channelShifts, gateBits, gateHigh, valueBits, mixedSquareBits, feedSquareBits } = scales;
  if (gateHigh >= 2 ** (gateBits - 1)) throw new ModelError(`The recipe's gateHigh is no value of ${gateBits} bits`);
  if (valueBits % 2 !== 0) throw new ModelError("The recipe's valueBits are odd");
  // a stream that is added again as it was normalised counts all channels alike
  if (config.normPlace === "after" && channelShifts.some((k) => k > 0)) throw new ModelError("The recipe's channelShifts are not 0");
  const weights = squareWeights(config, scales) * 2 ** Math.max(LOW_BITS, residualBits - LOW_BITS);
  if (weights >= 2 ** 30) throw new ModelError("The recipe's channelShifts leave no room to sums of squares");
  const limbs = [
    ["mixedSquareBits", mixedSquareBits - valueBits],
    ["feedSquareBits", feedSquareBits - 2 * FEED_LOW_BITS],
    ["residualBits and channelShifts", reciprocalBits(config, scales) - LOW_BITS],
  ] as const;
  for (const [name, bits] of limbs) if (bits < 1 || bits > 30) throw new ModelError(`The recipe's ${name} leave ${bits} bits to a limb`);
}

function isWhole(v: unknown, low: number, high: number): boolean {
  return typeof v === "number" && Number.isInteger(v) && v >= low && v <= high;
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
