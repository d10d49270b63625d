/** The network of models/mnist-small: 11,274 parameters, one 28 x 28 digit to ten scores. */
import { PIXELS } from "./data.ts";
import { conv, gemm, type Layer, type Parameter, pool, relu } from "./layers.ts";

/** Conv 5x5x8, Relu, AveragePool 2, Conv 5x5x16, Relu, MaxPool 2, Gemm 784-10. Parameters are zero. */
export const mnistLayers = (): Layer[] => [
  conv("conv1", 1, 8, 28, 5, true),
  relu(8 * 28 * 28),
  pool("average", 8, 28),
  conv("conv2", 8, 16, 14, 5, false),
  relu(16 * 14 * 14),
  pool("max", 16, 14),
  gemm("gemm", 16 * 7 * 7, 10),
];

export const parametersOf = (layers: readonly Layer[]): Parameter[] => layers.flatMap((layer) => layer.parameters);

/** Image `index` as 784 numbers in 0..1. */
export const pixels = (images: Uint8Array, index: number): Float64Array =>
  Float64Array.from(images.subarray(index * PIXELS, (index + 1) * PIXELS), (byte) => byte / 255);

/** Ten scores; the array is reused by the next call. */
export const scores = (layers: readonly Layer[], x: Float64Array): Float64Array => layers.reduce((value, layer) => layer.forward(value), x);

/** Position of the first largest. */
export const argMax = (values: ArrayLike<number>): number => {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
};

/** How many of the first `count` images get their label. */
export function countCorrect(layers: readonly Layer[], images: Uint8Array, labels: Uint8Array, count: number): number {
  let correct = 0;
  for (let i = 0; i < count; i++) if (argMax(scores(layers, pixels(images, i))) === labels[i]) correct++;
  return correct;
}
