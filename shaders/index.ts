/** All kernels: what is warmed up, and what tests compile. */
import { combine } from "./columns/combine.wgsl.ts";
import { copy } from "./columns/copy.wgsl.ts";
import { fill } from "./columns/fill.wgsl.ts";
import { gather } from "./columns/gather.wgsl.ts";
import { lift } from "./columns/lift.wgsl.ts";
import { place } from "./columns/place.wgsl.ts";
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
import { outer } from "./multilinear/outer.wgsl.ts";
import { spread } from "./multilinear/spread.wgsl.ts";
import { sumProduct } from "./multilinear/sum-product.wgsl.ts";
import { sumSegments } from "./multilinear/sum-segments.wgsl.ts";
import { innerRound } from "./sumcheck/inner-round.wgsl.ts";
import { productRound } from "./sumcheck/product-round.wgsl.ts";
import { search } from "./transcript/search.wgsl.ts";
import { transcript } from "./transcript/transcript.wgsl.ts";

/** One kernel for every degree or number of layers, made once: a kernel is known by its identity. */
const family = (make: (k: number) => Kernel): ((k: number) => Kernel) => {
  const made = new Map<number, Kernel>();
  return (k) => {
    const known = made.get(k) ?? make(k);
    made.set(k, known);
    return known;
  };
};

export const productRoundOfDegree = family(productRound);
export const encodeLayers = family(encodeRadix);

/** Every kernel; the families by their usual members. */
export const KERNELS: readonly Kernel[] = [
  ...[combine, copy, fill, gather, lift, place],
  ...[bind, contractColumns, contractRows, eq, outer, spread, sumProduct, sumSegments],
  ...[innerRound, ...[2, 3, 4].map(productRoundOfDegree)],
  ...[addFractions, fractionRound, fractions],
  ...[encodeTile, fold, interleave, twiddles, ...[1, 2, 3].map(encodeLayers)],
  ...[absorbRows, nodes, top],
  ...[search, transcript],
];
