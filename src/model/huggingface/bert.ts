/**
 * BERT encoders of Hugging Face folders: learned positions, full attention, norms with mean and bias after each part. A text is one segment, so the row of token
 * type 0 is part of every position; the output is the mean over all positions, and the pooler is not used.
 */
import { ModelError } from "../../errors.ts";
import { LazyTensor, rowsOf } from "../../tensor/lazy.ts";
import type { Linear, Norm, Transformer, TransformerConfig, TransformerLayer } from "../transformer/model.ts";
import { ACTIVATIONS } from "./activations.ts";
import type { Settings } from "./settings.ts";
import type { Weights } from "./weights.ts";

/** Numbers of positions, stored as a buffer, and what makes a class of the first position. */
const IGNORED = [/^(bert\.)?embeddings\.position_ids$/, /^(bert\.)?pooler\.dense\.(weight|bias)$/];

/** @throws ModelError naming a setting or tensor that is missing or unknown */
export function readBert(settings: Settings, weights: Weights): Transformer {
  const config = configOf(settings);
  const types = settings.size("type_vocab_size", 2);
  settings.idle("tie_word_embeddings");
  settings.finish();
  const { width, hidden, vocabulary, context } = config;
  const prefix = weights.someBegin("bert.") ? "bert." : "";
  const take = (name: string, shape: readonly number[]) => weights.take(`${prefix}${name}`, shape);

  const layers = Array.from({ length: config.layers }, (_, l): TransformerLayer => {
    const linear = (name: string, outputs: number, inputs: number): Linear => ({
      weight: take(`encoder.layer.${l}.${name}.weight`, [outputs, inputs]),
      bias: take(`encoder.layer.${l}.${name}.bias`, [outputs]),
    });
    return {
      query: linear("attention.self.query", width, width),
      key: linear("attention.self.key", width, width),
      value: linear("attention.self.value", width, width),
      output: linear("attention.output.dense", width, width),
      gate: linear("intermediate.dense", hidden, width),
      down: linear("output.dense", width, hidden),
    };
  });
  const norm = (name: string): Norm => ({
    gain: take(`${name}.LayerNorm.weight`, [width]),
    bias: take(`${name}.LayerNorm.bias`, [width]),
  });
  const norms = [
    norm("embeddings"),
    ...layers.flatMap((_, l) => [norm(`encoder.layer.${l}.attention.output`), norm(`encoder.layer.${l}.output`)]),
  ];
  const embedding = take("embeddings.word_embeddings.weight", [vocabulary, width]);
  const positionEmbedding = withFirstRow(
    take("embeddings.position_embeddings.weight", [context, width]),
    take("embeddings.token_type_embeddings.weight", [types, width]),
  );
  weights.finish(IGNORED);
  return { config, embedding, positionEmbedding, layers, norms };
}

/** Every row of `tensor` plus the first row of `added`, in double precision. */
function withFirstRow(tensor: LazyTensor, added: LazyTensor): LazyTensor {
  return new LazyTensor(tensor.shape, (from, count) => {
    const row = rowsOf(added, 0, 1);
    return Float64Array.from(rowsOf(tensor, from, count), (value, i) => value + (row[i % row.length] ?? 0));
  });
}

function configOf(settings: Settings): TransformerConfig {
  const [width, heads] = [settings.size("hidden_size"), settings.size("num_attention_heads")];
  const headWidth = width / heads;
  if (headWidth % 2 !== 0) throw new ModelError(`The model has ${heads} heads in a width of ${width}, which circlet cannot arrange`);
  settings.only("position_embedding_type", "absolute");
  settings.only("is_decoder", false);
  settings.only("add_cross_attention", false);
  return {
    layers: settings.size("num_hidden_layers"),
    width,
    heads,
    keyHeads: heads,
    headWidth,
    hidden: settings.size("intermediate_size"),
    vocabulary: settings.size("vocab_size"),
    context: settings.size("max_position_embeddings"),
    norm: "layer",
    normPlace: "after",
    epsilon: settings.positive("layer_norm_eps", 1e-12),
    attention: "full",
    positions: { kind: "learned" },
    queryKeyNorm: false,
    activation: settings.choice("hidden_act", ACTIVATIONS, "gelu"),
    gated: false,
    output: "mean",
  };
}
