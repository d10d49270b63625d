/** The largest magnitudes of every value of a float transformer over some texts, channel by channel. */
import { FloatTransformer } from "./float.ts";
import type { Transformer, TransformerConfig } from "./model.ts";

/** Channels below this share of all channels have their magnitudes raised to that of the one at it: what a short text shows of most is too little. */
const USUAL = 0.98;

export class Observed {
  readonly #largest = new Map<string, Float64Array>();
  readonly #rows = new Map<string, Float32Array[]>();
  /** By site: the shortest row of the residual stream. */
  readonly shortest: number[] = [];
  /** The largest product of a query and a key of one layer and head, whatever their positions. */
  score = 0;

  /** By channel; empty if nothing was seen. */
  channels(name: string): number[] {
    return [...(this.#largest.get(name) ?? [])];
  }

  /** All rows of `mixed` and `feed`, whose lengths depend on scales that are not known yet. */
  rows(name: string): readonly Float32Array[] {
    return this.#rows.get(name) ?? [];
  }

  keep(name: string, values: Float64Array): void {
    const rows = this.#rows.get(name) ?? [];
    rows.push(Float32Array.from(values));
    this.#rows.set(name, rows);
  }

  note(name: string, values: Float64Array, scale = 1): void {
    let largest = this.#largest.get(name);
    if (!largest) {
      largest = new Float64Array(values.length);
      this.#largest.set(name, largest);
    }
    for (let c = 0; c < values.length; c++) largest[c] = Math.max(largest[c]!, Math.abs(values[c]! * scale));
  }

  noteAbove(name: string, values: Float64Array): void {
    this.note(
      name,
      values.map((v) => Math.max(0, v)),
    );
  }
}

/** What is seen of a model on texts, each read alone. */
export function observe(model: Transformer, texts: readonly (readonly number[])[]): Observed {
  const { config } = model;
  const seen = new Observed();
  for (const text of texts) {
    const turned = { query: model.layers.map((): Float64Array[] => []), key: model.layers.map((): Float64Array[] => []) };
    const reader = new FloatTransformer(model, (name, index, values) => {
      if (name === "query" || name === "key") turned[name][index]?.push(values);
      if (name === "gate") seen.noteAbove("gate above", values);
      if (name === "state") {
        const length = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
        seen.shortest[index] = Math.min(seen.shortest[index] ?? length, length);
        seen.note("normed", values, length > 0 ? Math.sqrt(values.length) / length : 0);
      }
      if (name === "mixed" || name === "feed") seen.keep(`${name} ${index}`, values);
      seen.note(name, values);
      seen.note(`${name} ${index}`, values);
    });
    for (const row of reader.read(text)) if (config.output === "mean") seen.note("final", row);
    seen.score = Math.max(seen.score, largestScore(config, turned));
  }
  return seen;
}

/** The largest of all channels. */
export function overAll(channels: readonly number[]): number {
  return channels.reduce((a, b) => Math.max(a, b), 0);
}

/** Magnitudes of which none is below that of the channel that 98 of 100 do not exceed: outliers keep their own. */
export function raised(channels: readonly number[]): number[] {
  const sorted = [...channels].sort((a, b) => a - b);
  const usual = sorted[Math.min(sorted.length - 1, Math.floor(USUAL * sorted.length))] ?? 0;
  return channels.map((m) => Math.max(m, usual));
}

function largestScore(
  { heads, keyHeads, headWidth }: TransformerConfig,
  turned: { readonly query: Float64Array[][]; readonly key: Float64Array[][] },
): number {
  let most = 0;
  for (const [l, queries] of turned.query.entries())
    for (const q of queries)
      for (const k of turned.key[l] ?? [])
        for (let h = 0; h < heads; h++) {
          const from = Math.floor((h * keyHeads) / heads) * headWidth;
          let sum = 0;
          for (let d = 0; d < headWidth; d++) sum += q[h * headWidth + d]! * k[from + d]!;
          most = Math.max(most, Math.abs(sum));
        }
  return most;
}
