/** Llama, Qwen2 and Qwen3 decoders of Hugging Face folders: rotary positions (half-split), root-mean-square norms before each part, gated projections. */
import { ModelError } from "../../errors.ts";
import { interleavedLinear, interleavedRows } from "../transformer/interleave.ts";
import type { Linear, Norm, Transformer, TransformerConfig, TransformerLayer } from "../transformer/model.ts";
import { ACTIVATIONS } from "./activations.ts";
import { rotaryOf } from "./rotary.ts";
import type { Settings } from "./settings.ts";
import type { Weights } from "./weights.ts";

/** What tells the three apart. */
interface Family {
  /** Which projections have biases: by the setting `attention_bias`, or these. */
  readonly biases: "setting" | "query, key and value";
  readonly queryKeyNorm: boolean;
  readonly mlpBias: boolean;
  readonly windows: boolean;
}

export const LLAMA: Family = { biases: "setting", queryKeyNorm: false, mlpBias: true, windows: false };
export const QWEN2: Family = { biases: "query, key and value", queryKeyNorm: false, mlpBias: false, windows: true };
export const QWEN3: Family = { biases: "setting", queryKeyNorm: true, mlpBias: false, windows: true };

/** Buffers of old files, which say what the config says. */
const IGNORED = [/^model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/];

/** @throws ModelError naming a setting or tensor that is missing or unknown */
export function readLlama(family: Family, settings: Settings, weights: Weights): Transformer {
  const config = configOf(family, settings);
  const { width, hidden, heads, keyHeads, headWidth, vocabulary } = config;
  const attentionBias = family.biases === "setting" && settings.flag("attention_bias", false);
  const mlpBias = family.mlpBias && settings.flag("mlp_bias", false);
  const tied = settings.flag("tie_word_embeddings", false);
  settings.finish();

  const layers = Array.from({ length: config.layers }, (_, l): TransformerLayer => {
    const linear = (name: string, outputs: number, inputs: number, bias: boolean): Linear => ({
      weight: weights.take(`model.layers.${l}.${name}.weight`, [outputs, inputs]),
      ...(bias && { bias: weights.take(`model.layers.${l}.${name}.bias`, [outputs]) }),
    });
    const gain = (name: string) => interleavedRows(weights.take(`model.layers.${l}.self_attn.${name}.weight`, [headWidth]), headWidth);
    const biased = attentionBias || family.biases !== "setting";
    return {
      query: interleavedLinear(linear("self_attn.q_proj", heads * headWidth, width, biased), headWidth),
      key: interleavedLinear(linear("self_attn.k_proj", keyHeads * headWidth, width, biased), headWidth),
      value: linear("self_attn.v_proj", keyHeads * headWidth, width, biased),
      output: linear("self_attn.o_proj", width, heads * headWidth, attentionBias),
      ...(config.queryKeyNorm && { queryGain: gain("q_norm"), keyGain: gain("k_norm") }),
      gate: linear("mlp.gate_proj", hidden, width, mlpBias),
      up: linear("mlp.up_proj", hidden, width, mlpBias),
      down: linear("mlp.down_proj", width, hidden, mlpBias),
    };
  });
  const norm = (name: string): Norm => ({ gain: weights.take(`model.${name}.weight`, [width]) });
  const norms = [
    ...layers.flatMap((_, l) => [norm(`layers.${l}.input_layernorm`), norm(`layers.${l}.post_attention_layernorm`)]),
    norm("norm"),
  ];
  const embedding = weights.take("model.embed_tokens.weight", [vocabulary, width]);
  const head = { weight: tied ? embedding : weights.take("lm_head.weight", [vocabulary, width]) };
  weights.finish(IGNORED);
  return { config, embedding, layers, norms, head };
}

function configOf(family: Family, settings: Settings): TransformerConfig {
  const [width, heads] = [settings.size("hidden_size"), settings.size("num_attention_heads")];
  const keyHeads = settings.size("num_key_value_heads", heads);
  const headWidth = settings.size("head_dim", width / heads);
  if (headWidth % 2 !== 0 || heads % keyHeads !== 0)
    throw new ModelError(`The model has ${heads} heads of ${headWidth} channels and ${keyHeads} key heads, which circlet cannot arrange`);
  if (family.windows) {
    settings.only("use_sliding_window", false);
    settings.only("use_mrope", false);
    settings.idle("sliding_window");
    settings.each("layer_types", "full_attention");
  }
  return {
    layers: settings.size("num_hidden_layers"),
    width,
    heads,
    keyHeads,
    headWidth,
    hidden: settings.size("intermediate_size"),
    vocabulary: settings.size("vocab_size"),
    context: settings.size("max_position_embeddings"),
    norm: "rms",
    normPlace: "before",
    epsilon: settings.positive("rms_norm_eps"),
    attention: "causal",
    positions: rotaryOf(settings),
    queryKeyNorm: family.queryKeyNorm,
    activation: settings.choice("hidden_act", ACTIVATIONS, "silu"),
    gated: true,
    output: "logits",
  };
}
