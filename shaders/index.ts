/** All kernels: what is warmed up, and what tests compile. */
import { combine } from "./columns/combine.wgsl.ts";
import { copy } from "./columns/copy.wgsl.ts";
import { fill } from "./columns/fill.wgsl.ts";
import { gather } from "./columns/gather.wgsl.ts";
import { lift } from "./columns/lift.wgsl.ts";
import { place } from "./columns/place.wgsl.ts";
import { addCounts } from "./integer/add-counts.wgsl.ts";
import { count } from "./integer/count.wgsl.ts";
import { dot } from "./integer/dot.wgsl.ts";
import { largest } from "./integer/largest.wgsl.ts";
import { BINARIES, map } from "./integer/map.wgsl.ts";
import type { Kernel } from "./kernel.ts";
import { encodeRadix } from "./line/encode-radix.wgsl.ts";
import { encodeTile } from "./line/encode-tile.wgsl.ts";
import { fold } from "./line/fold.wgsl.ts";
import { interleave } from "./line/interleave.wgsl.ts";
import { twiddles } from "./line/twiddles.wgsl.ts";
import { addFractions } from "./lookup/add-fractions.wgsl.ts";
import { fractionRound } from "./lookup/fraction-round.wgsl.ts";
import { fractions } from "./lookup/fractions.wgsl.ts";
import { absorbRows } from "./merkle/absorb-rows.wgsl.ts";
import { nodes } from "./merkle/nodes.wgsl.ts";
import { top } from "./merkle/top.wgsl.ts";
import { bind } from "./multilinear/bind.wgsl.ts";
import { contractColumns } from "./multilinear/contract-columns.wgsl.ts";
import { contractRows } from "./multilinear/contract-rows.wgsl.ts";
import { eq } from "./multilinear/eq.wgsl.ts";
import { evaluate } from "./multilinear/evaluate.wgsl.ts";
import { outer } from "./multilinear/outer.wgsl.ts";
import { spread } from "./multilinear/spread.wgsl.ts";
import { sumProduct } from "./multilinear/sum-product.wgsl.ts";
import { sumRuns } from "./multilinear/sum-runs.wgsl.ts";
import { sumSegments } from "./multilinear/sum-segments.wgsl.ts";
import { innerRound } from "./sumcheck/inner-round.wgsl.ts";
import { FAMILIES, type Family, productRoundOfDegree } from "./transcript/program.ts";
import { search } from "./transcript/search.wgsl.ts";
import { transcript } from "./transcript/transcript.wgsl.ts";

/** One kernel for every number of layers or form, made once: a kernel is known by its identity. */
const family = <F>(make: (form: F) => Kernel): ((form: F) => Kernel) => {
  const made = new Map<string, Kernel>();
  return (form) => {
    const key = JSON.stringify(form);
    const known = made.get(key) ?? make(form);
    made.set(key, known);
    return known;
  };
};

export const encodeLayers = family(encodeRadix);
export const dotOf = family(dot);
export const largestOf = family(largest);
export const mapOf = family(map);

const transcripts = new Map(FAMILIES.map((family) => [family, transcript(family)]));

/** The kernel for the programs of a family. */
export function transcriptOf(family: Family): Kernel {
  return transcripts.get(family) ?? transcript(family);
}

/** Every kernel; the families by their usual members, but for those whose form is a network's. */
export const KERNELS: readonly Kernel[] = [
  ...[combine, copy, fill, gather, lift, place],
  ...[bind, contractColumns, contractRows, eq, evaluate, outer, spread, sumProduct, sumRuns, sumSegments],
  ...[innerRound, ...[2, 3, 4].map(productRoundOfDegree)],
  ...[addFractions, fractionRound, fractions],
  ...[encodeTile, fold, interleave, twiddles, ...[1, 2, 3].map(encodeLayers)],
  ...[addCounts, count],
  ...[absorbRows, nodes, top],
  search,
  ...FAMILIES.map(transcriptOf),
];

const WINDOW = { outer: 3, inner: 2, checks: [[3, 4]] };
const unary = { value: 0, constant: 0 };
const binary = { left: 0, right: 1 };

/** Kernels whose form is a network's, by examples that have everything: what tests compile besides. */
export const EXAMPLES: readonly Kernel[] = [
  ...[false, true].map((shared) => dotOf({ outer: 3, inner: 3, checks: [[], [4, 5], []], factors: 2, shared })),
  ...[false, true].map((shared) => largestOf({ ...WINDOW, shared })),
  mapOf({
    ...{ outer: 5, inner: 0, checks: [[3, 4], []], tables: 1, constants: 1 },
    steps: [
      ...[{ kind: "cell", view: 0 } as const, { kind: "cell", view: 1 } as const, { kind: "inside", view: 0 } as const],
      ...[{ kind: "constant", constant: 0 } as const, { kind: "index", of: 4 } as const],
      ...[{ kind: "shift", ...unary } as const, { kind: "divide", ...unary } as const, { kind: "entry", value: 0, table: 0 } as const],
      ...BINARIES.map((kind) => ({ kind, ...binary })),
    ],
    outputs: [3, 7, 14],
  }),
];
