/** GPT-2 decoders of Hugging Face folders: learned positions, norms with mean and bias before each part, one matrix [inputs, 3 * outputs] for query, key and value. */
import { ModelError } from "../../errors.ts";
import { transposedColumns, withRows } from "../../tensor/lazy.ts";
import type { Linear, Norm, Transformer, TransformerConfig, TransformerLayer } from "../transformer/model.ts";
import { ACTIVATIONS } from "./activations.ts";
import type { Settings } from "./settings.ts";
import type { Weights } from "./weights.ts";

/** The causal mask, stored as a buffer. */
const IGNORED = [/^(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)$/];

/** @throws ModelError naming a setting or tensor that is missing or unknown */
export function readGpt2(settings: Settings, weights: Weights): Transformer {
  const config = configOf(settings);
  const { width, hidden, vocabulary, context } = config;
  const tied = settings.flag("tie_word_embeddings", true);
  settings.finish();
  const prefix = weights.someBegin("transformer.") ? "transformer." : "";

  /** Columns `first` to `first + outputs` of a matrix that is stored as [inputs, columns]. */
  const part = (name: string, inputs: number, columns: number, first: number, outputs: number): Linear => ({
    weight: transposedColumns(weights.take(`${prefix}${name}.weight`, [inputs, columns]), first, outputs),
    bias: withRows(
      weights.take(`${prefix}${name}.bias`, [columns]),
      Int32Array.from({ length: outputs }, (_, i) => first + i),
    ),
  });
  const layers = Array.from({ length: config.layers }, (_, l): TransformerLayer => {
    const attention = (index: number) => part(`h.${l}.attn.c_attn`, width, 3 * width, index * width, width);
    const linear = (name: string, inputs: number, outputs: number) => part(`h.${l}.${name}`, inputs, outputs, 0, outputs);
    return {
      query: attention(0),
      key: attention(1),
      value: attention(2),
      output: linear("attn.c_proj", width, width),
      gate: linear("mlp.c_fc", width, hidden),
      down: linear("mlp.c_proj", hidden, width),
    };
  });
  const norm = (name: string): Norm => ({
    gain: weights.take(`${prefix}${name}.weight`, [width]),
    bias: weights.take(`${prefix}${name}.bias`, [width]),
  });
  const norms = [...layers.flatMap((_, l) => [norm(`h.${l}.ln_1`), norm(`h.${l}.ln_2`)]), norm("ln_f")];
  const embedding = weights.take(`${prefix}wte.weight`, [vocabulary, width]);
  const positionEmbedding = weights.take(`${prefix}wpe.weight`, [context, width]);
  const head = { weight: tied ? embedding : weights.take("lm_head.weight", [vocabulary, width]) };
  weights.finish(IGNORED);
  return { config, embedding, positionEmbedding, layers, norms, head };
}

function configOf(settings: Settings): TransformerConfig {
  const [width, heads] = [settings.size("n_embd"), settings.size("n_head")];
  const headWidth = width / heads;
  if (headWidth % 2 !== 0) throw new ModelError(`The model has ${heads} heads in a width of ${width}, which circlet cannot arrange`);
  const context = settings.size("n_positions");
  settings.only("n_ctx", context);
  settings.only("scale_attn_weights", true);
  settings.only("scale_attn_by_inverse_layer_idx", false);
  settings.only("add_cross_attention", false);
  return {
    layers: settings.size("n_layer"),
    width,
    heads,
    keyHeads: heads,
    headWidth,
    hidden: settings.size("n_inner", 4 * width),
    vocabulary: settings.size("vocab_size"),
    context,
    norm: "layer",
    normPlace: "before",
    epsilon: settings.positive("layer_norm_epsilon", 1e-5),
    attention: "causal",
    positions: { kind: "learned" },
    queryKeyNorm: false,
    activation: settings.choice("activation_function", ACTIVATIONS, "gelu_new"),
    gated: false,
    output: "logits",
  };
}
