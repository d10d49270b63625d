/** The exported kernels: each takes a range lo <= x < hi of its items, the number of the calling thread, then addresses and sizes. */
export { contractBase, contractExtension } from "./contract";
export { addFractions, emptyFractions, fractionLeaves, fractionRound } from "./fractions";
export { absorbRows, digestRows, findNonce, hashNodes, startRows } from "./hash";
export { encodeBlocks, encodeLayer, encodeTwoLayers, fold, interleave } from "./line";
export { roundSums } from "./rounds";
export { multiply } from "./yardstick";
export { bind, combine, eqAdd, eqDouble, lift, place, spread, sumParts } from "./tables";
