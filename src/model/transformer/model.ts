/**
 * A transformer in floats: what it computes, and its weights. Importers fill it (model/gguf, model/huggingface), the float reference runs it (float.ts), the
 * quantizer turns it into integers (quantize.ts).
 *
 * The residual stream is normalised at 2 L + 1 sites: before attention and before the feed-forward part of every layer and before the head (`normPlace`
 * "before"), or after the embedding and after each part's sum with the stream ("after"). Either way a part reads what the site before it normalised.
 */
import type { FloatTensor } from "../../tensor/tensor.ts";

export type Activation = "silu" | "gelu" | "gelu-tanh" | "relu";

/** LLaMA 3's stretching of rotary frequencies: those of long waves are divided by `factor`. */
export interface RotaryScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  /** Positions that the model was first trained for. */
  readonly originalContext: number;
}

/** Pairs (2p, 2p + 1) of a head's channels turn by position * theta^(-2p / headWidth): importers reorder the rows of models that pair p with p + headWidth / 2. */
export interface RotaryPositions {
  readonly kind: "rotary";
  /** An integer from 1. */
  readonly theta: number;
  readonly scaling?: RotaryScaling;
}

/** A row is added to the embedding of the token at every position. */
export interface LearnedPositions {
  readonly kind: "learned";
}

export interface TransformerConfig {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Key and value heads; a divisor of `heads`. */
  readonly keyHeads: number;
  /** Channels of a head, even; heads * headWidth need not be the width. */
  readonly headWidth: number;
  readonly hidden: number;
  readonly vocabulary: number;
  /** Longest sequence that the model was made for. */
  readonly context: number;
  /** Root mean square, or with the mean subtracted first. */
  readonly norm: "rms" | "layer";
  readonly normPlace: "before" | "after";
  /** Added to the mean square. */
  readonly epsilon: number;
  /** Whether a position attends to those up to itself, or to all. */
  readonly attention: "causal" | "full";
  readonly positions: RotaryPositions | LearnedPositions;
  /** Whether every head's queries and keys are normalised (root mean square) before they turn. */
  readonly queryKeyNorm: boolean;
  readonly activation: Activation;
  /** Whether the activated projection is multiplied by a second one (`up`). */
  readonly gated: boolean;
  /** A token's logits after every position, or the mean of the last site's values over all positions. */
  readonly output: "logits" | "mean";
}

/** y = W x + b; the weight is [outputs, inputs], row-major. */
export interface Linear {
  readonly weight: FloatTensor;
  readonly bias?: FloatTensor;
}

/** Applied to normalised values. */
export interface Norm {
  readonly gain: FloatTensor;
  readonly bias?: FloatTensor;
}

export interface TransformerLayer {
  /** Outputs are channels of heads, head by head. */
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  /** Gains [headWidth], if the config has `queryKeyNorm`. */
  readonly queryGain?: FloatTensor;
  readonly keyGain?: FloatTensor;
  /** The projection that is activated. */
  readonly gate: Linear;
  /** The one that multiplies it, if the config has `gated`. */
  readonly up?: Linear;
  readonly down: Linear;
}

export interface Transformer {
  readonly config: TransformerConfig;
  /** [vocabulary, width]. */
  readonly embedding: FloatTensor;
  /** [context, width], if positions are learned; what is added to every token besides (BERT's token types) is in it too. */
  readonly positionEmbedding?: FloatTensor;
  readonly layers: readonly TransformerLayer[];
  /** By site. */
  readonly norms: readonly Norm[];
  /** [vocabulary, width]; the embedding where the model has no own one; absent where the output is a mean. */
  readonly head?: Linear;
}
