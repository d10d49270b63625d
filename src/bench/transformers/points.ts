/** What is measured: random decoders of the shape of stories260K, of which one size is changed at a time. */
import type { TransformerConfig } from "../../model/transformer/model.ts";
import { STORIES } from "../../testing/decoder.ts";

/** A decoder and a statement about it. */
export interface Point {
  readonly layers: number;
  /** Of prompt and continuation together: one more than there are positions. */
  readonly tokens: number;
  readonly width: number;
}

export type SizeName = keyof Point;

const BASE: Point = { layers: 4, tokens: 32, width: 64 };

const SERIES: Readonly<Record<SizeName, readonly number[]>> = {
  layers: [1, 2, 4, 8, 16, 32],
  tokens: [16, 32, 64, 128, 256],
  width: [32, 64, 128, 256],
};

export const SIZES = Object.keys(SERIES) as SizeName[];

/** Points of the series named, each once. */
export function pointsOf(names: readonly SizeName[]): Point[] {
  const all = names.flatMap((name) => SERIES[name].map((value) => ({ ...BASE, [name]: value })));
  return all.filter((p, i) => all.findIndex((q) => isSame(p, q)) === i);
}

/** Rows of one series, in order: those that differ from the base in nothing else. */
export function seriesOf<T extends Point>(rows: readonly T[], name: SizeName): T[] {
  return rows.filter((row) => isSame({ ...row, [name]: BASE[name] }, BASE)).sort((a, b) => a[name] - b[name]);
}

function isSame(p: Point, q: Point): boolean {
  return SIZES.every((name) => p[name] === q[name]);
}

/** 8 heads on 4 key heads, vocabulary 512; the hidden layer is 43/16 times as wide as the stream. */
export function configOf({ layers, width }: Point): TransformerConfig {
  return { ...STORIES, layers, width, headWidth: width / STORIES.heads, hidden: (width * STORIES.hidden) / STORIES.width };
}
