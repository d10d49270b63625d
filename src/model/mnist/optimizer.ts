/** Seeded start, softmax cross-entropy and Adam (Kingma and Ba, 2015). */
import type { Parameter } from "./layers.ts";

/** A generator of doubles in [0, 1), the same for the same seed everywhere: a Weyl sequence through MurmurHash3's finalizer. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Weights uniform in +-sqrt(6 / inputs of a neuron), which keeps the variance through Relu (He et al., 2015); biases stay 0. */
export function initialize(parameters: readonly Parameter[], random: () => number): void {
  for (const { shape, values } of parameters) {
    if (shape.length < 2) continue;
    const bound = Math.sqrt(6 / (values.length / shape[0]!));
    for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * bound;
  }
}

/** Loss -log softmax(scores)[label] and its gradient by the scores, softmax(scores) - [position is label]. */
export function crossEntropy(scores: Float64Array, label: number): { loss: number; gradient: Float64Array } {
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const gradient = scores.map((s) => Math.exp(s - largest));
  const total = gradient.reduce((a, b) => a + b, 0);
  for (let i = 0; i < gradient.length; i++) gradient[i]! /= total;
  const loss = -Math.log(gradient[label]!);
  gradient[label]! -= 1;
  return { loss, gradient };
}

/** Returns the update step: moves the parameters along the gradients, which are sums over `batch` images, and clears the gradients. */
export function adam(parameters: readonly Parameter[]): (rate: number, batch: number) => void {
  const keepMean = 0.9;
  const keepSquare = 0.999;
  const moments = parameters.map((p) => ({ ...p, mean: new Float64Array(p.values.length), square: new Float64Array(p.values.length) }));
  let meanDebt = 1;
  let squareDebt = 1;
  return (rate, batch) => {
    meanDebt *= keepMean;
    squareDebt *= keepSquare;
    for (const { values, gradient, mean, square } of moments)
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! / batch;
        gradient[i] = 0;
        mean[i] = keepMean * mean[i]! + (1 - keepMean) * g;
        square[i] = keepSquare * square[i]! + (1 - keepSquare) * g * g;
        values[i]! -= (rate * (mean[i]! / (1 - meanDebt))) / (Math.sqrt(square[i]! / (1 - squareDebt)) + 1e-8);
      }
  };
}
