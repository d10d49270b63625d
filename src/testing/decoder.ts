/** A small random LLaMA decoder, for tests: 3 layers, 2 key heads of 2 query heads each. */

import { calibrate, type DecoderBits } from "../model/transformer/calibrate.ts";
import type { Llama, LlamaConfig } from "../model/transformer/llama.ts";
import type { TransformerProgram } from "../model/transformer/program.ts";
import { quantizeLlama } from "../model/transformer/quantize.ts";
import { type FloatTensor, floatTensor } from "../tensor/tensor.ts";

export const SMALL: LlamaConfig = {
  layers: 3,
  width: 16,
  heads: 4,
  keyHeads: 2,
  headWidth: 4,
  hidden: 12,
  vocabulary: 23,
  epsilon: 1e-5,
  theta: 10000,
  context: 64,
};

/** The shape of stories260K. */
export const STORIES: LlamaConfig = {
  layers: 5,
  width: 64,
  heads: 8,
  keyHeads: 4,
  headWidth: 8,
  hidden: 172,
  vocabulary: 512,
  epsilon: 1e-5,
  theta: 10000,
  context: 1024,
};

/** Weights uniform in [-a, a], from a fixed sequence. */
export function smallDecoder(config: LlamaConfig = SMALL): Llama {
  let seed = 11;
  const uniform = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (2 * seed) / 2 ** 32 - 1;
  };
  const random = (shape: readonly number[], size: number): FloatTensor =>
    floatTensor(
      shape,
      Float64Array.from({ length: shape.reduce((n, s) => n * s, 1) }, () => size * Math.sqrt(SMALL.width / config.width) * uniform()),
    );
  const gain = (): FloatTensor =>
    floatTensor(
      [config.width],
      Float64Array.from({ length: config.width }, () => 1 + 0.3 * uniform()),
    );
  const { width, hidden, vocabulary } = config;
  const keys = config.keyHeads * config.headWidth;
  const layers = Array.from({ length: config.layers }, () => ({
    attentionNorm: gain(),
    query: random([width, width], 0.8),
    key: random([keys, width], 0.8),
    value: random([keys, width], 0.4),
    output: random([width, width], 0.4),
    feedNorm: gain(),
    gate: random([hidden, width], 0.5),
    up: random([hidden, width], 0.5),
    down: random([width, hidden], 0.5),
  }));
  return { config, embedding: random([vocabulary, width], 0.5), layers, norm: gain(), head: random([vocabulary, width], 0.5) };
}

/** Few bits, for short tables. */
export const FEW_BITS: DecoderBits = {
  residual: 14,
  value: 10,
  up: 9,
  gated: 10,
  gate: 8,
  normExponent: 7,
  rootShift: 12,
  exp: 8,
  expExponent: 5,
  scoreShift: 4,
};

/** The small decoder in few bits, for up to `positions` + 1 tokens. */
export function smallProgram(config: LlamaConfig = SMALL, bits: DecoderBits = FEW_BITS): TransformerProgram {
  const model = smallDecoder(config);
  const tokens = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % config.vocabulary);
  return quantizeLlama(model, calibrate(model, tokens, bits), "small decoder");
}
