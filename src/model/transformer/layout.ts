/**
 * The values that a run of a decoder over T positions leaves behind, by name, each with its shape: what a witness is filled from (witness.ts) and what the
 * constraints speak of (lower.ts). Sites are the 2 L + 1 places where the residual stream is normalised: before attention and before the feed-forward part of
 * every layer, and before the head.
 */
import type { LlamaConfig } from "./llama.ts";

/** Sizes of the axes. */
export interface Sizes {
  readonly layers: number;
  readonly sites: number;
  readonly positions: number;
  readonly width: number;
  /** Key heads, query heads of each, channels of a head. */
  readonly groups: number;
  readonly members: number;
  readonly channels: number;
  readonly hidden: number;
  readonly vocabulary: number;
}

export function sizesOf(config: LlamaConfig, positions: number): Sizes {
  return {
    layers: config.layers,
    sites: 2 * config.layers + 1,
    positions,
    width: config.width,
    groups: config.keyHeads,
    members: config.heads / config.keyHeads,
    channels: config.headWidth,
    hidden: config.hidden,
    vocabulary: config.vocabulary,
  };
}

const SITE_ROWS = [
  "highSquares",
  "crossProducts",
  "lowSquares",
  "rootHigh",
  "rootLow",
  "rootRestHigh",
  "rootRestLow",
  "rootSlackHigh",
  "rootSlackLow",
  "rootCarry",
  "reciprocal",
  "reciprocalCarry",
  "reciprocalRestHigh",
  "reciprocalRestLow",
  "reciprocalSlackHigh",
  "reciprocalSlackLow",
] as const;
const SITE_CELLS = ["state", "stateHigh", "stateLow", "normed", "normCarry", "normLow", "normRest"] as const;
const QUERIES = ["queryFlat", "queryFlatRest", "query", "queryRest"] as const;
const KEYS = ["keyFlat", "keyFlatRest", "key", "keyRest", "valueHigh", "valueLow", "valueRest"] as const;
const SCORES = ["scoreBase", "scoreExp", "scoreClass", "scoreOffset"] as const;
const SCORE_ROWS = ["scoreMax", "expSum", "maxCount", "tailCount"] as const;
const MIXED = [
  "mixedHigh",
  "mixedLow",
  "mixedCarryHigh",
  "mixedCarryLow",
  "mixedRestHigh",
  "mixedRestLow",
  "mixedSlackHigh",
  "mixedSlackLow",
] as const;
const OUTPUTS = ["outputRest", "downRest"] as const;
const HIDDEN = ["gate", "gateRest", "silu", "up", "upRest", "gated", "gatedRest"] as const;
const LOGITS = ["marginHigh", "marginLow"] as const;

export type TraceName =
  | (typeof SITE_ROWS)[number]
  | (typeof SITE_CELLS)[number]
  | (typeof QUERIES)[number]
  | (typeof KEYS)[number]
  | (typeof SCORES)[number]
  | (typeof SCORE_ROWS)[number]
  | (typeof MIXED)[number]
  | (typeof OUTPUTS)[number]
  | (typeof HIDDEN)[number]
  | (typeof LOGITS)[number]
  | "logitMax";

export type Trace = Readonly<Record<TraceName, Int32Array>>;

/** The shape of every value. */
export function traceShapes(s: Sizes): Readonly<Record<TraceName, readonly number[]>> {
  const shapes = new Map<TraceName, readonly number[]>();
  const all = (names: readonly TraceName[], shape: readonly number[]) => {
    for (const name of names) shapes.set(name, shape);
  };
  all(SITE_ROWS, [s.sites, s.positions]);
  all(SITE_CELLS, [s.sites, s.positions, s.width]);
  all(QUERIES, [s.layers, s.positions, s.groups, s.members, s.channels / 2, 2]);
  all(KEYS, [s.layers, s.positions, s.groups, s.channels / 2, 2]);
  all(SCORES, [s.layers, s.groups, s.members, s.positions, s.positions]);
  all(SCORE_ROWS, [s.layers, s.groups, s.members, s.positions]);
  all(MIXED, [s.layers, s.positions, s.groups, s.members, s.channels / 2, 2]);
  all(OUTPUTS, [s.layers, s.positions, s.width]);
  all(HIDDEN, [s.layers, s.positions, s.hidden]);
  all(LOGITS, [s.positions, s.vocabulary]);
  shapes.set("logitMax", [s.positions]);
  return Object.fromEntries(shapes) as Record<TraceName, readonly number[]>;
}

/** Zeros for every value. */
export function emptyTrace(sizes: Sizes): Trace {
  const entries = Object.entries(traceShapes(sizes)).map(([name, shape]) => [name, new Int32Array(shape.reduce((n, x) => n * x, 1))]);
  return Object.fromEntries(entries) as Trace;
}
