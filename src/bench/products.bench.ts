/**
 * Products of integer matrices with vectors, WebAssembly SIMD and plain: `npx tsx src/bench/products.bench.ts`. Bits are those of weights and inputs, signs
 * included. GB/s is what the kernel reads of the matrix, once a call; G/s counts products of a weight and an input.
 */
import { type Matrix, scalarProducts } from "../model/products/products.ts";
import { simdProducts } from "../model/products/simd.ts";
import { Samples } from "../testing/samples.ts";

/** Each time is the best of this long. */
const MILLISECONDS = 400;

const SIZES = [
  [64, 64],
  [576, 1536],
  [1536, 576],
  [49152, 576],
] as const;
/** Bits of weights, bits of inputs, vectors. */
const KINDS = [
  [15, 15, 1],
  [15, 18, 1],
  [20, 18, 1],
  [15, 15, 32],
  [15, 18, 32],
] as const;

/** Best milliseconds of a call, several a reading of the clock where calls are short. */
function time(body: () => void): number {
  let start = performance.now();
  body();
  const calls = Math.max(1, Math.ceil(1 / (performance.now() - start)));
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + MILLISECONDS;
  for (let repeat = 0; repeat < 3 || performance.now() < end; repeat++) {
    start = performance.now();
    for (let k = 0; k < calls; k++) body();
    best = Math.min(best, (performance.now() - start) / calls);
  }
  return best;
}

const samples = new Samples(1);
/** Random integers of so many signed bits, repeated from a million on. */
function random(length: number, bits: number): Int32Array {
  const some = Int32Array.from({ length: Math.min(length, 2 ** 20) }, () => samples.below(2 ** bits) - 2 ** (bits - 1));
  const values = new Int32Array(length);
  for (let at = 0; at < length; at += some.length) values.set(some.subarray(0, Math.min(some.length, length - at)), at);
  return values;
}

function measure(
  outputs: number,
  inputs: number,
  [weightBits, inputBits, vectors]: (typeof KINDS)[number],
): Record<string, string | number> {
  const products = simdProducts();
  if (products === null) throw new Error("This runtime has no WebAssembly SIMD");
  const weight = random(outputs * inputs, weightBits);
  const x = random(vectors * inputs, inputBits);
  const start = performance.now();
  const simd = products.add(weight, outputs, inputs);
  const adding = performance.now() - start;
  const scalar = scalarProducts().add(weight, outputs, inputs);
  const run = (matrix: Matrix): number => time(() => matrix.times(x));
  const [fast, slow] = [run(simd), run(scalar)];
  return {
    matrix: `${outputs} x ${inputs}`,
    bits: `${weightBits}, ${inputBits}`,
    vectors,
    "add ms": adding.toFixed(2),
    "simd ms": fast.toFixed(4),
    "GB/s": (simd.bytes / fast / 1e6).toFixed(1),
    "G/s": ((outputs * inputs * vectors) / fast / 1e6).toFixed(1),
    "plain ms": slow.toFixed(3),
    "plain GB/s": ((4 * outputs * inputs) / slow / 1e6).toFixed(1),
    ratio: (slow / fast).toFixed(1),
  };
}

console.table(SIZES.flatMap(([outputs, inputs]) => KINDS.map((kind) => measure(outputs, inputs, kind))));
