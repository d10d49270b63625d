/**
 * Products of integer matrices with vectors, WebAssembly SIMD and plain: `npx tsx src/bench/products.bench.ts`. Bits are those of weights and inputs, signs
 * included. GB/s is what the kernel reads of the matrix, once a call; G/s counts products of a weight and an input.
 */
import { type Matrix, type Products, scalarProducts } from "../model/products/products.ts";
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
type Kind = (typeof KINDS)[number];
type Row = Record<string, string | number>;

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

/** All products of a list of matrices, one after the other: `matrix` names them. */
function measure(matrix: string, shapes: readonly (readonly [number, number])[], [weightBits, inputBits, vectors]: Kind): Row {
  const products = simdProducts();
  if (products === null) throw new Error("This runtime has no WebAssembly SIMD");
  const weights = shapes.map(([outputs, inputs]) => random(outputs * inputs, weightBits));
  const x = random(vectors * Math.max(...shapes.map(([, inputs]) => inputs)), inputBits);
  const add = (to: Products): Matrix[] => shapes.map(([outputs, inputs], k) => to.add(weights[k]!, outputs, inputs));
  const start = performance.now();
  const simd = add(products);
  const adding = performance.now() - start;
  const run = (matrices: readonly Matrix[]): number =>
    time(() => {
      for (const m of matrices) m.times(x.subarray(0, vectors * m.inputs));
    });
  const [fast, slow] = [run(simd), run(add(scalarProducts()))];
  const count = weights.reduce((n, { length }) => n + length, 0);
  return {
    matrix,
    bits: `${weightBits}, ${inputBits}`,
    vectors,
    "add ms": adding.toFixed(2),
    "simd ms": fast.toFixed(4),
    "GB/s": (simd.reduce((n, { bytes }) => n + bytes, 0) / fast / 1e6).toFixed(1),
    "G/s": ((count * vectors) / fast / 1e6).toFixed(1),
    "plain ms": slow.toFixed(3),
    "plain GB/s": ((4 * count) / slow / 1e6).toFixed(1),
    ratio: (slow / fast).toFixed(1),
  };
}

/** The projections of SmolLM2-135M: 135 million weights, past every cache. */
const DECODER: readonly (readonly [number, number])[] = [
  ...Array.from(
    { length: 30 },
    () =>
      [
        [576, 576],
        [192, 576],
        [192, 576],
        [576, 576],
        [1536, 576],
        [1536, 576],
        [576, 1536],
      ] as const,
  ).flat(),
  [49152, 576],
];

console.table([
  ...SIZES.flatMap((size) => KINDS.map((kind) => measure(size.join(" x "), [size], kind))),
  ...KINDS.map((kind) => measure("a decoder's", DECODER, kind)),
]);
