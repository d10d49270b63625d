/**
 * The values that a run of a decoder over T positions leaves behind, by name, each on named axes: what a witness is filled from (integer.ts) and what the
 * constraints speak of (lower.ts). Sites are the 2 L + 1 places where the residual stream is normalised: before attention and before the feed-forward part of
 * every layer, and before the head.
 */
import type { LlamaConfig } from "./llama.ts";

/** Sizes of the axes. A query head is a member of a key head's group; a head's channels are pairs of two halves. */
export interface Sizes {
  readonly layers: number;
  readonly sites: number;
  readonly positions: number;
  readonly groups: number;
  readonly members: number;
  readonly pairs: number;
  readonly width: number;
  readonly hidden: number;
  readonly vocabulary: number;
}

/** `others` are the positions that a position attends to, `otherHalves` the halves before a rotation. */
export type AxisName = keyof Sizes | "others" | "halves" | "otherHalves";

export function sizesOf(config: LlamaConfig, positions: number): Sizes {
  return {
    layers: config.layers,
    sites: 2 * config.layers + 1,
    positions,
    groups: config.keyHeads,
    members: config.heads / config.keyHeads,
    pairs: config.headWidth / 2,
    width: config.width,
    hidden: config.hidden,
    vocabulary: config.vocabulary,
  };
}

const SITE_ROWS = [
  "rootHigh",
  "rootLow",
  "rootRestHigh",
  "rootRestLow",
  "rootSlackHigh",
  "rootSlackLow",
  "rootCarryLow",
  "rootCarryHigh",
  "reciprocal",
  "reciprocalCarry",
  "reciprocalRestHigh",
  "reciprocalRestLow",
  "reciprocalSlackHigh",
  "reciprocalSlackLow",
] as const;
const SITE_CELLS = ["stateHigh", "stateLow", "normed", "normCarryHigh", "normCarryLow", "normLow", "normRest"] as const;
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
const LOGIT_ROWS = ["logitMax"] as const;

const BY_AXES = [
  [SITE_ROWS, ["sites", "positions"]],
  [SITE_CELLS, ["sites", "positions", "width"]],
  [QUERIES, ["layers", "positions", "groups", "members", "pairs", "halves"]],
  [KEYS, ["layers", "positions", "groups", "pairs", "halves"]],
  [SCORES, ["layers", "groups", "members", "positions", "others"]],
  [SCORE_ROWS, ["layers", "groups", "members", "positions"]],
  [MIXED, ["layers", "positions", "groups", "members", "pairs", "halves"]],
  [OUTPUTS, ["layers", "positions", "width"]],
  [HIDDEN, ["layers", "positions", "hidden"]],
  [LOGITS, ["positions", "vocabulary"]],
  [LOGIT_ROWS, ["positions"]],
] as const satisfies readonly (readonly [readonly string[], readonly AxisName[]])[];

export type TraceName = (typeof BY_AXES)[number][0][number];

export type Trace = Readonly<Record<TraceName, Int32Array>>;

/** The axes of every value, most significant first. */
export const TRACE_AXES = record(new Map(BY_AXES.flatMap(([names, axes]) => names.map((name) => [name, axes]))));

export const TRACE_NAMES = Object.keys(TRACE_AXES) as readonly TraceName[];

/** The size of an axis. */
export function sizeOfAxis(sizes: Sizes, axis: AxisName): number {
  if (axis === "others") return sizes.positions;
  return axis === "halves" || axis === "otherHalves" ? 2 : sizes[axis];
}

/** The shape of a value. */
export function shapeOf(sizes: Sizes, name: TraceName): number[] {
  return TRACE_AXES[name].map((axis) => sizeOfAxis(sizes, axis));
}

/** Zeros for every value. */
export function emptyTrace(sizes: Sizes): Trace {
  return record(new Map(TRACE_NAMES.map((name) => [name, new Int32Array(shapeOf(sizes, name).reduce((n, x) => n * x, 1))])));
}

/** An object with an entry for every name. */
export function record<T>(entries: ReadonlyMap<TraceName, T>): Readonly<Record<TraceName, T>> {
  return Object.fromEntries(entries) as Record<TraceName, T>;
}
