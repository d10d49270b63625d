/** Small random transformers, for tests: 3 layers, 2 key heads of 2 query heads each. */

import { calibrate, type DecoderBits } from "../model/transformer/calibrate.ts";
import type { Linear, Norm, Transformer, TransformerConfig, TransformerLayer } from "../model/transformer/model.ts";
import type { TransformerProgram } from "../model/transformer/program.ts";
import { quantizeTransformer } from "../model/transformer/quantize.ts";
import { type FloatTensor, floatTensor } from "../tensor/tensor.ts";

/** What makes a LLaMA. */
const LLAMA = {
  norm: "rms",
  normPlace: "before",
  attention: "causal",
  positions: { kind: "rotary", theta: 10000 },
  queryKeyNorm: false,
  activation: "silu",
  gated: true,
  output: "logits",
} as const;

export const SMALL: TransformerConfig = {
  ...LLAMA,
  layers: 3,
  width: 16,
  heads: 4,
  keyHeads: 2,
  headWidth: 4,
  hidden: 12,
  vocabulary: 23,
  epsilon: 1e-5,
  context: 64,
};

/** The shape of stories260K. */
export const STORIES: TransformerConfig = {
  ...LLAMA,
  layers: 5,
  width: 64,
  heads: 8,
  keyHeads: 4,
  headWidth: 8,
  hidden: 172,
  vocabulary: 512,
  epsilon: 1e-5,
  context: 1024,
};

/** Other architectures in the small size. */
export const ARCHITECTURES: Readonly<Record<string, { readonly config: TransformerConfig; readonly biases: boolean }>> = {
  qwen2: { config: SMALL, biases: true },
  qwen3: { config: { ...SMALL, headWidth: 6, queryKeyNorm: true }, biases: false },
  gpt2: {
    config: { ...SMALL, keyHeads: 4, norm: "layer", positions: { kind: "learned" }, activation: "gelu-tanh", gated: false },
    biases: true,
  },
  bert: {
    config: {
      ...SMALL,
      keyHeads: 4,
      norm: "layer",
      normPlace: "after",
      attention: "full",
      positions: { kind: "learned" },
      activation: "gelu",
      gated: false,
      output: "mean",
    },
    biases: true,
  },
};

/** Weights uniform in [-a, a], from a fixed sequence. */
export function smallDecoder(config: TransformerConfig = SMALL, hasBiases = false): Transformer {
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
  const ones = (length: number): FloatTensor =>
    floatTensor(
      [length],
      Float64Array.from({ length }, () => 1 + 0.3 * uniform()),
    );
  const { width, hidden, vocabulary, headWidth } = config;
  const norm = (): Norm => ({ gain: ones(width), ...(config.norm === "layer" && { bias: random([width], 0.3) }) });
  const linear = (outputs: number, inputs: number, size: number): Linear => ({
    weight: random([outputs, inputs], size),
    ...(hasBiases && { bias: random([outputs], 0.3) }),
  });
  const [queries, keys] = [config.heads * headWidth, config.keyHeads * headWidth];
  const norms: Norm[] = [];
  const layers = Array.from({ length: config.layers }, (): TransformerLayer => {
    norms.push(norm());
    const attention = {
      query: linear(queries, width, 0.8),
      key: linear(keys, width, 0.8),
      value: linear(keys, width, 0.4),
      output: linear(width, queries, 0.4),
      ...(config.queryKeyNorm && { queryGain: ones(headWidth), keyGain: ones(headWidth) }),
    };
    norms.push(norm());
    return {
      ...attention,
      gate: linear(hidden, width, 0.5),
      ...(config.gated && { up: linear(hidden, width, 0.5) }),
      down: linear(width, hidden, 0.5),
    };
  });
  return {
    config,
    embedding: random([vocabulary, width], 0.5),
    ...(config.positions.kind === "learned" && { positionEmbedding: random([config.context, width], 0.2) }),
    layers,
    norms: [...norms, norm()],
    ...(config.output === "logits" && { head: { weight: random([vocabulary, width], 0.5) } }),
  };
}

/** Few bits, for short tables. */
export const FEW_BITS: DecoderBits = {
  residual: 14,
  value: 10,
  up: 9,
  feed: 10,
  gate: 8,
  normExponent: 7,
  rootShift: 12,
  exp: 8,
  expExponent: 5,
  scoreShift: 4,
};

/** The small decoder in few bits, for up to `positions` + 1 tokens. */
export function smallProgram(config: TransformerConfig = SMALL, bits: DecoderBits = FEW_BITS, hasBiases = false): TransformerProgram {
  return programOf(smallDecoder(config, hasBiases), bits);
}

/** The same with a channel of the residual stream whose values are 50 times as large. Among fewer than 51 channels it is no outlier. */
export function outlierProgram(config: TransformerConfig = SMALL, bits: DecoderBits = FEW_BITS, hasBiases = false): TransformerProgram {
  const { embedding, positionEmbedding, layers, ...model } = smallDecoder(config, hasBiases);
  const channel = (at: number): number => (at === 3 ? 50 : 1);
  const columns = ({ shape, data }: FloatTensor): FloatTensor =>
    floatTensor(
      shape,
      Float64Array.from(data, (v, k) => v * channel(k % config.width)),
    );
  const rows = ({ weight: { shape, data }, bias }: Linear): Linear => ({
    weight: floatTensor(
      shape,
      Float64Array.from(data, (v, k) => v * channel(Math.floor(k / shape[1]!))),
    ),
    ...(bias && { bias: columns(bias) }),
  });
  const raised: Transformer = {
    ...model,
    embedding: columns(embedding),
    ...(positionEmbedding && { positionEmbedding: columns(positionEmbedding) }),
    layers: layers.map((layer) => ({ ...layer, output: rows(layer.output), down: rows(layer.down) })),
  };
  return programOf(raised, bits);
}

function programOf(model: Transformer, bits: DecoderBits): TransformerProgram {
  const tokens = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % model.config.vocabulary);
  return quantizeTransformer(model, calibrate(model, [tokens], bits), "small decoder");
}

/** The small decoder with a residual stream that grows from layer to layer: its steps become coarser. */
export function growingProgram(bits: DecoderBits = FEW_BITS): TransformerProgram {
  const model = smallDecoder();
  const times = ({ weight: { shape, data }, bias }: Linear, by: number): Linear => ({
    weight: floatTensor(
      shape,
      Float64Array.from(data, (v) => v * by),
    ),
    ...(bias && { bias }),
  });
  const layers = model.layers.map((layer, l) => ({ ...layer, output: times(layer.output, 3 ** l), down: times(layer.down, 2 * 3 ** l) }));
  const growing = { ...model, layers };
  const tokens = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % SMALL.vocabulary);
  return quantizeTransformer(growing, calibrate(growing, [tokens], bits), "growing decoder");
}
