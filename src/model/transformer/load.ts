/** A transformer in integers with the float one that it comes from: by its recipe, or calibrated on what is at hand. */
import type { OpenTransformer } from "../huggingface/open.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { bitsFor, calibrate } from "./calibrate.ts";
import { continueGreedily, FloatTransformer } from "./float.ts";
import type { Transformer } from "./model.ts";
import type { TransformerProgram } from "./program.ts";
import { Quantizer } from "./quantize.ts";
import { parseRecipe, type Recipe, recipeOf } from "./recipe.ts";
import { PASSAGE, SENTENCES } from "./sample-texts.ts";
import type { LayerRange } from "./segment.ts";

/** A quantized transformer. */
export interface LanguageModel {
  readonly name: string;
  readonly float: Transformer;
  readonly tokenizer: Tokenizer;
  /** All layers; made when it is first asked for. */
  readonly program: TransformerProgram;
  readonly layers: number;
  /** A range of layers, made anew at each call: the memory of all is not needed. */
  readonly part: (range: LayerRange) => TransformerProgram;
  readonly recipe: Recipe;
}

/** Tokens of a text to calibrate on, and products of the float model that it may cost. */
const MOST_TOKENS = 256;
const LEAST_TOKENS = 24;
const MOST_PRODUCTS = 2e10;

/**
 * @param recipe the text of a recipe's file, which also names the model: its id does not depend on where its files are; scales are chosen by sample texts without it
 * @throws ModelError if the recipe is another model's, or the model cannot be quantized
 */
export function loadTransformer({ name, transformer, tokenizer }: OpenTransformer, recipe?: string): LanguageModel {
  const found =
    recipe === undefined ? calibrated(name, transformer, sampleTexts(transformer, tokenizer)) : parseRecipe(recipe, transformer.config);
  const quantizer = new Quantizer(transformer, found.scales, found.name);
  const all = { from: 0, to: transformer.config.layers };
  let whole: TransformerProgram | undefined;
  return {
    name: found.name,
    float: transformer,
    tokenizer,
    recipe: found,
    layers: all.to,
    part: (range) => quantizer.program(range),
    get program() {
      whole ??= quantizer.program(all);
      return whole;
    },
  };
}

/** The recipe that texts give. */
export function calibrated(
  name: string,
  transformer: Transformer,
  texts: readonly (readonly number[])[],
  bits = bitsFor(transformer.config),
): Recipe {
  return recipeOf(name, calibrate(transformer, texts, bits), {
    texts: texts.length,
    tokens: texts.reduce((n, text) => n + text.length, 0),
  });
}

/** What a model is calibrated on where no texts are given: a decoder on a passage and on what it writes itself, an encoder on sentences. */
export function sampleTexts(transformer: Transformer, tokenizer: Tokenizer): number[][] {
  const { config } = transformer;
  if (config.output === "mean") return SENTENCES.map((text) => tokenizer.encode(text).slice(0, config.context));
  const affordable = Math.max(LEAST_TOKENS, Math.floor(MOST_PRODUCTS / productsOf(transformer) / 2));
  const count = Math.min(MOST_TOKENS, config.context - 1, affordable);
  const writer = new FloatTransformer(transformer);
  const written = continueGreedily((token) => writer.step(token), [tokenizer.first], count);
  return [written, encodable(tokenizer, PASSAGE).slice(0, count)];
}

/** The tokens of a text, or one token if the model's vocabulary cannot write it. */
function encodable(tokenizer: Tokenizer, text: string): number[] {
  try {
    return tokenizer.encode(text);
  } catch (error) {
    if (error instanceof RangeError) return [tokenizer.first];
    throw error;
  }
}

/** Products of one token. */
function productsOf({ config }: Transformer): number {
  const { layers, width, heads, keyHeads, headWidth, hidden, gated, vocabulary } = config;
  return layers * width * (2 * (heads + keyHeads) * headWidth + (gated ? 3 : 2) * hidden) + vocabulary * width;
}
