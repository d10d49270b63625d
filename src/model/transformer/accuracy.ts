/**
 * How an integer transformer differs from its float original, on texts that both read: how often they prefer the same token, the perplexity of each, the cosine of their embeddings, and how far apart
 * the residual stream is at every place where it is normalised. Doubles: a report, nothing that is committed.
 */
import { embed } from "./compile.ts";
import { FloatTransformer, largest } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import type { Transformer, TransformerConfig } from "./model.ts";
import { LOW_BITS, type TransformerProgram } from "./program.ts";

/** The residual stream as what the site is named by reads it, over all positions and channels. */
export interface SiteError {
  readonly site: string;
  /** Root of the mean square of the float values. */
  readonly size: number;
  readonly mean: number;
  readonly largest: number;
}

export interface TextAccuracy {
  readonly text: string;
  /** Tokens that were predicted. */
  readonly positions: number;
  /** Positions at which both have the same arg max. */
  readonly equal: number;
  readonly perplexity: { readonly float: number; readonly integer: number };
  /** Positions at which they differ: the float model's logit of its own choice less that of the integer model's. */
  readonly differences: readonly { readonly position: number; readonly float: number; readonly integer: number; readonly gap: number }[];
  readonly sites: readonly SiteError[];
}

/** Both decoders on the same tokens, each read after all before it. @throws ModelError if a value leaves its bits */
export function compareDecoders(float: Transformer, program: TransformerProgram, text: string, tokens: readonly number[]): TextAccuracy {
  const { layers, width } = float.config;
  const places = 2 * layers + 1;
  const sums = Array.from({ length: places }, () => ({ square: 0, error: 0, largest: 0 }));
  let seen: Float64Array[] = [];
  const original = new FloatTransformer(float, (name, _, values) => {
    if (name === "state") seen.push(values.slice());
  });
  const count = tokens.length - 1;
  const integer = new IntegerTransformer(program, count);
  const scale = 2 ** -program.scales.residualExponent;
  let [equal, floatLoss, integerLoss] = [0, 0, 0];
  const differences: { position: number; float: number; integer: number; gap: number }[] = [];
  for (let i = 0; i < count; i++) {
    seen = [];
    const [x, y] = [original.step(tokens[i]!), integer.step(tokens[i]!)];
    const [a, b] = [largest(x), largest(y)];
    if (a === b) equal++;
    else differences.push({ position: i, float: a, integer: b, gap: x[a]! - x[b]! });
    floatLoss += lossOf(x, 1, tokens[i + 1]!) / count;
    integerLoss += lossOf(y, 2 ** -program.headExponent, tokens[i + 1]!) / count;
    seen.forEach((values, site) => {
      const sum = sums[site]!;
      const at = (site * count + i) * width;
      values.forEach((v, c) => {
        const error = Math.abs((integer.trace.stateHigh[at + c]! * 2 ** LOW_BITS + integer.trace.stateLow[at + c]!) * scale - v);
        sum.square += v * v;
        sum.error += error;
        sum.largest = Math.max(sum.largest, error);
      });
    });
  }
  const cells = count * width;
  return {
    text,
    positions: count,
    equal,
    perplexity: { float: Math.exp(floatLoss), integer: Math.exp(integerLoss) },
    differences,
    sites: sums.map((sum, site) => ({
      site: siteName(site, float.config),
      size: Math.sqrt(sum.square / cells),
      mean: sum.error / cells,
      largest: sum.largest,
    })),
  };
}

export interface EncoderAccuracy {
  /** By text: the cosine of the angle between float and integer mean. */
  readonly cosines: readonly number[];
}

/** Both encoders on the same texts. @throws ModelError if a value leaves its bits */
export function compareEncoders(float: Transformer, program: TransformerProgram, texts: readonly (readonly number[])[]): EncoderAccuracy {
  return {
    cosines: texts.map((text) => {
      const sums = new Float64Array(float.config.width);
      for (const row of new FloatTransformer(float).read(text)) row.forEach((v, c) => (sums[c] = sums[c]! + v));
      return cosineOf(sums, Float64Array.from(embed(program, text).cells));
    }),
  };
}

function cosineOf(a: Float64Array, b: Float64Array): number {
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, v, c) => sum + v * y[c]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** A text that the float model writes: each token drawn by its probability, from a fixed sequence. */
export function drawnText(float: Transformer, first: number, count: number, seed = 1): number[] {
  const decoder = new FloatTransformer(float);
  const tokens = [first];
  let state = seed;
  while (tokens.length < count) {
    const logits = decoder.step(tokens.at(-1)!);
    const most = logits.reduce((a, b) => Math.max(a, b));
    const weights = logits.map((v) => Math.exp(v - most));
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let left = (state / 2 ** 32) * weights.reduce((a, b) => a + b);
    let next = 0;
    while (next < weights.length - 1 && left >= weights[next]!) left -= weights[next++]!;
    tokens.push(next);
  }
  return tokens;
}

/** -log of the softmax of scaled logits at one index. */
function lossOf(logits: ArrayLike<number>, scale: number, index: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let v = 0; v < logits.length; v++) most = Math.max(most, logits[v]! * scale);
  let sum = 0;
  for (let v = 0; v < logits.length; v++) sum += Math.exp(logits[v]! * scale - most);
  return Math.log(sum) + most - logits[index]! * scale;
}

function siteName(site: number, { layers, output }: TransformerConfig): string {
  if (site === 2 * layers) return output === "logits" ? "head" : "mean";
  return `layer ${Math.floor(site / 2)}, ${site % 2 === 0 ? "attention" : "feed-forward"}`;
}
