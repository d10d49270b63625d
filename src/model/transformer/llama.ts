/** A LLaMA decoder from a GGUF file. Weights are [outputs, inputs], row-major. */
import { ModelError } from "../../errors.ts";
import { tensorOf } from "../gguf/dequantize.ts";
import { type GgufFile, numberOf } from "../gguf/read.ts";
import type { Norm, Transformer, TransformerConfig, TransformerLayer } from "./model.ts";

/** Metadata that says nothing about what is computed. */
const IGNORED = ["llama.vocab_size"];

/**
 * The decoder in a GGUF file, with rotary pairs interleaved as GGUF stores them. A tensor (a bias, rotary factors) or a setting that is not used here would make
 * it another decoder than the file's. @throws ModelError naming what is missing or unknown
 */
export function llamaOf(file: GgufFile): Transformer {
  const architecture = file.metadata.get("general.architecture");
  if (architecture !== "llama") throw new ModelError(`The GGUF file has the architecture ${String(architecture)}, circlet knows "llama"`);
  const known = new Set(IGNORED);
  const number = (key: string, otherwise?: number) => {
    known.add(`llama.${key}`);
    return otherwise !== undefined && !file.metadata.has(`llama.${key}`) ? otherwise : numberOf(file, `llama.${key}`);
  };
  const tensorNamed = (name: string, shape: readonly number[]) => {
    known.add(name);
    return tensorOf(file, name, shape);
  };
  const [width, heads, hidden] = [number("embedding_length"), number("attention.head_count"), number("feed_forward_length")];
  const vocabulary = file.tensors.get("token_embd.weight")?.shape[0] ?? 0;
  const keyHeads = number("attention.head_count_kv", heads);
  const headWidth = width / heads;
  const widths = ["rope.dimension_count", "attention.key_length", "attention.value_length"].map((key) => number(key, headWidth));
  if (!Number.isInteger(headWidth / 2) || !Number.isInteger(heads / keyHeads) || widths.some((w) => w !== headWidth))
    throw new ModelError(`The GGUF file has ${heads} heads, ${keyHeads} key heads and width ${width}, which circlet cannot arrange`);
  const config: TransformerConfig = {
    layers: number("block_count"),
    width,
    heads,
    keyHeads,
    headWidth,
    hidden,
    vocabulary,
    epsilon: number("attention.layer_norm_rms_epsilon"),
    context: number("context_length"),
    norm: "rms",
    normPlace: "before",
    attention: "causal",
    positions: { kind: "rotary", theta: number("rope.freq_base", 10000) },
    queryKeyNorm: false,
    activation: "silu",
    gated: true,
    output: "logits",
  };
  const keys = keyHeads * headWidth;
  const norms: Norm[] = [];
  const layers = Array.from({ length: config.layers }, (_, l): TransformerLayer => {
    const tensor = (name: string, shape: readonly number[]) => tensorNamed(`blk.${l}.${name}.weight`, shape);
    norms.push({ gain: tensor("attn_norm", [width]) }, { gain: tensor("ffn_norm", [width]) });
    return {
      query: { weight: tensor("attn_q", [width, width]) },
      key: { weight: tensor("attn_k", [keys, width]) },
      value: { weight: tensor("attn_v", [keys, width]) },
      output: { weight: tensor("attn_output", [width, width]) },
      gate: { weight: tensor("ffn_gate", [hidden, width]) },
      up: { weight: tensor("ffn_up", [hidden, width]) },
      down: { weight: tensor("ffn_down", [width, hidden]) },
    };
  });
  const embedding = tensorNamed("token_embd.weight", [vocabulary, width]);
  const head = file.tensors.has("output.weight") ? tensorNamed("output.weight", [vocabulary, width]) : embedding;
  norms.push({ gain: tensorNamed("output_norm.weight", [width]) });
  for (const name of [...file.tensors.keys(), ...[...file.metadata.keys()].filter((key) => key.startsWith("llama."))])
    if (!known.has(name)) throw new ModelError(`The GGUF file has ${name}, which circlet does not know`);
  return { config, embedding, layers, norms, head: { weight: head } };
}
