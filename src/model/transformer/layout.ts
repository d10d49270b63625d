/**
 * The values that a run of a transformer over T positions leaves behind, by name, each on named axes: what a witness is filled from (integer.ts) and what the
 * constraints speak of (lower.ts). Sites are the 2 L + 1 places where the residual stream is normalised (model.ts).
 */
import type { TransformerConfig } from "./model.ts";
import type { ProgramConfig } from "./program.ts";

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

/** `others` are the positions that a position attends to, `otherHalves` the halves before a rotation, `otherWidth` the channels that a mean adds up. */
export type AxisName = keyof Sizes | "others" | "halves" | "otherHalves" | "otherWidth";

export function sizesOf(config: TransformerConfig, positions: number): Sizes {
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
const KEYS = ["keyFlat", "keyFlatRest", "key", "keyRest"] as const;
const VALUES = ["valueHigh", "valueLow", "valueRest"] as const;
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
/** `feed` is what the down projection reads, in limbs. */
const GATES = ["gate", "gateRest", "feedHigh", "feedLow"] as const;
/** Of the second projection. */
const GATED = ["activated", "up", "upRest", "gatedRest"] as const;
/** Of the sums of squares of mixed values and of `feed`. */
const SQUARES = [
  "mixedSquare",
  "mixedSquareMiddle",
  "mixedSquareMiddleRest",
  "mixedSquareLow",
  "mixedSquareLowRest",
  "feedSquare",
  "feedSquareMiddle",
  "feedSquareMiddleRest",
  "feedSquareLow",
  "feedSquareLowRest",
] as const;
const LOGITS = ["marginHigh", "marginLow"] as const;
const LOGIT_ROWS = ["logitMax"] as const;
/** Of the norms of heads. */
const QUERY_ROWS = ["queryRoot", "queryRootRest", "queryRootSlack"] as const;
const QUERY_CELLS = ["queryNormed", "queryNormRest", "queryNormSlack"] as const;
const KEY_ROWS = ["keyRoot", "keyRootRest", "keyRootSlack"] as const;
const KEY_CELLS = ["keyNormed", "keyNormRest", "keyNormSlack"] as const;
/** Of an encoder's mean. */
const FINAL = ["final", "finalRest"] as const;

const BY_AXES = [
  [SITE_ROWS, ["sites", "positions"]],
  [SITE_CELLS, ["sites", "positions", "width"]],
  [QUERIES, ["layers", "positions", "groups", "members", "pairs", "halves"]],
  [KEYS, ["layers", "positions", "groups", "pairs", "halves"]],
  [VALUES, ["layers", "positions", "groups", "pairs", "halves"]],
  [SCORES, ["layers", "groups", "members", "positions", "others"]],
  [SCORE_ROWS, ["layers", "groups", "members", "positions"]],
  [MIXED, ["layers", "positions", "groups", "members", "pairs", "halves"]],
  [OUTPUTS, ["layers", "positions", "width"]],
  [GATES, ["layers", "positions", "hidden"]],
  [GATED, ["layers", "positions", "hidden"]],
  [SQUARES, ["layers", "positions"]],
  [LOGITS, ["positions", "vocabulary"]],
  [LOGIT_ROWS, ["positions"]],
  [QUERY_ROWS, ["layers", "positions", "groups", "members"]],
  [QUERY_CELLS, ["layers", "positions", "groups", "members", "pairs", "halves"]],
  [KEY_ROWS, ["layers", "positions", "groups"]],
  [KEY_CELLS, ["layers", "positions", "groups", "pairs", "halves"]],
  [FINAL, ["positions", "width"]],
] as const satisfies readonly (readonly [readonly string[], readonly AxisName[]])[];

export type TraceName = (typeof BY_AXES)[number][0][number];

/** Values by name; those that a model does not have are empty. */
export type Trace = Readonly<Record<TraceName, Int32Array>>;

/** The axes of every value, most significant first. */
export const TRACE_AXES = record(new Map(BY_AXES.flatMap(([names, axes]) => names.map((name) => [name, axes]))));

const ALL_NAMES = Object.keys(TRACE_AXES) as readonly TraceName[];

/** The values that a model, or a segment of it, has. */
export function traceNames(config: ProgramConfig): readonly TraceName[] {
  const isLast = config.part?.last ?? true;
  const absent = new Set<TraceName>([
    ...(config.gated ? [] : GATED),
    ...(isLast && config.output === "mean" ? [] : FINAL),
    ...(isLast && config.output === "logits" ? [] : [...LOGITS, ...LOGIT_ROWS]),
    ...(config.queryKeyNorm ? [] : [...QUERY_ROWS, ...QUERY_CELLS, ...KEY_ROWS, ...KEY_CELLS]),
    ...(config.positions.kind === "rotary" ? [] : (["query", "queryRest", "key", "keyRest"] as const)),
  ]);
  return ALL_NAMES.filter((name) => !absent.has(name));
}

/** The queries and keys that scores are made of: turned, if anything turns. */
export function scoredNames(config: TransformerConfig): { readonly query: TraceName; readonly key: TraceName } {
  return config.positions.kind === "rotary" ? { query: "query", key: "key" } : { query: "queryFlat", key: "keyFlat" };
}

/** The size of an axis. */
export function sizeOfAxis(sizes: Sizes, axis: AxisName): number {
  if (axis === "others") return sizes.positions;
  if (axis === "otherWidth") return sizes.width;
  return axis === "halves" || axis === "otherHalves" ? 2 : sizes[axis];
}

/** The shape of a value. */
export function shapeOf(sizes: Sizes, name: TraceName): number[] {
  return TRACE_AXES[name].map((axis) => sizeOfAxis(sizes, axis));
}

/** Zeros for every value that a model has. */
export function emptyTrace(config: ProgramConfig, sizes: Sizes): Trace {
  const used = new Set(traceNames(config));
  const cells = (name: TraceName) => (used.has(name) ? shapeOf(sizes, name).reduce((n, x) => n * x, 1) : 0);
  return record(new Map(ALL_NAMES.map((name) => [name, new Int32Array(cells(name))])));
}

/** An object with an entry for every name. */
export function record<T>(entries: ReadonlyMap<TraceName, T>): Readonly<Record<TraceName, T>> {
  return Object.fromEntries(entries) as Record<TraceName, T>;
}
