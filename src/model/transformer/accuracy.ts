/**
 * How an integer transformer differs from its float original, on texts that both read: how often they prefer the same token, the perplexity of each, the cosine of their embeddings, and how far apart
 * the residual stream is at every place where it is normalised. Doubles: a report, nothing that is committed.
 */
import { FloatTransformer, largest } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import type { Transformer, TransformerConfig } from "./model.ts";
import { LOW_BITS, type TransformerProgram, type TransformerScales } from "./program.ts";

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
  const read = tokens.slice(0, -1);
  const { floats, integers, sites } = compareRuns(float, program, read);
  const scale = 2 ** -program.headExponent;
  let [equal, floatLoss, integerLoss] = [0, 0, 0];
  const differences: { position: number; float: number; integer: number; gap: number }[] = [];
  read.forEach((_, i) => {
    const [x, y] = [floats[i]!, integers[i]!];
    const [a, b] = [largest(x), largest(y)];
    if (a === b) equal++;
    else differences.push({ position: i, float: a, integer: b, gap: x[a]! - x[b]! });
    floatLoss += lossOf(x, 1, tokens[i + 1]!) / read.length;
    integerLoss += lossOf(y, scale, tokens[i + 1]!) / read.length;
  });
  const perplexity = { float: Math.exp(floatLoss), integer: Math.exp(integerLoss) };
  return { text, positions: read.length, equal, perplexity, differences, sites: sites.errors() };
}

export interface EncoderAccuracy {
  /** By text: the cosine of the angle between float and integer mean. */
  readonly cosines: readonly number[];
  readonly sites: readonly SiteError[];
}

/** Both encoders on the same texts. @throws ModelError if a value leaves its bits */
export function compareEncoders(float: Transformer, program: TransformerProgram, texts: readonly (readonly number[])[]): EncoderAccuracy {
  const sites = new SiteErrors(float.config);
  const cosines = texts.map((text) => {
    const run = compareRuns(float, program, text, sites);
    return cosineOf(summed(run.floats), summed(run.integers));
  });
  return { cosines, sites: sites.errors() };
}

/** What both models make of tokens, and how far apart they are on the way. */
function compareRuns(float: Transformer, program: TransformerProgram, tokens: readonly number[], sites = new SiteErrors(float.config)) {
  const states = Array.from({ length: 2 * float.config.layers + 1 }, (): Float64Array[] => []);
  const original = new FloatTransformer(float, (name, site, values) => {
    if (name === "state") states[site]?.push(values.slice());
  });
  const integer = new IntegerTransformer(program, tokens.length);
  const [floats, integers] = [original.read(tokens), integer.read(tokens)];
  sites.add(states, integer, program.scales);
  return { floats, integers, sites };
}

/** Adds up how far the integers' residual stream is from the floats'. */
class SiteErrors {
  readonly #config: TransformerConfig;
  readonly #sums: { square: number; error: number; largest: number }[];
  #rows = 0;

  constructor(config: TransformerConfig) {
    this.#config = config;
    this.#sums = Array.from({ length: 2 * config.layers + 1 }, () => ({ square: 0, error: 0, largest: 0 }));
  }

  /** States by site and position. */
  add(
    states: readonly (readonly Float64Array[])[],
    { trace, position }: IntegerTransformer,
    { residualExponents, channelShifts }: TransformerScales,
  ): void {
    this.#rows += position;
    states.forEach((rows, site) => {
      const sum = this.#sums[site]!;
      const scales = channelShifts.map((k) => 2 ** (k - (residualExponents[site] ?? 0)));
      rows.forEach((values, i) => {
        const at = (site * position + i) * values.length;
        values.forEach((v, c) => {
          const error = Math.abs((trace.stateHigh[at + c]! * 2 ** LOW_BITS + trace.stateLow[at + c]!) * scales[c]! - v);
          sum.square += v * v;
          sum.error += error;
          sum.largest = Math.max(sum.largest, error);
        });
      });
    });
  }

  errors(): SiteError[] {
    const cells = this.#rows * this.#config.width;
    return this.#sums.map((sum, site) => ({
      site: siteName(site, this.#config),
      size: Math.sqrt(sum.square / cells),
      mean: sum.error / cells,
      largest: sum.largest,
    }));
  }
}

function summed(rows: readonly ArrayLike<number>[]): Float64Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let c = 0; c < sums.length; c++) sums[c] = sums[c]! + row[c]!;
  return sums;
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
