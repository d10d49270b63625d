/** The models of fixtures/transformers as GGUF files, by the names, orders and transposes of GGUF's own converters. */
import { type FloatTensor, floatTensor } from "../tensor/tensor.ts";
import { ggufBytes } from "./gguf.ts";
import { type Architecture, fixtureFiles, jsonOf, storedTensors } from "./huggingface.ts";

export const GGUF_ARCHITECTURES = ["llama", "qwen2", "qwen3", "gpt2"] as const satisfies readonly Architecture[];
export type GgufArchitecture = (typeof GGUF_ARCHITECTURES)[number];

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^(model\.embed_tokens|transformer\.wte)\./, "token_embd."],
  [/^transformer\.wpe\./, "position_embd."],
  [/^(model\.norm|transformer\.ln_f)\./, "output_norm."],
  [/^lm_head\./, "output."],
  [/^(model\.layers|transformer\.h)\./, "blk."],
  [/\.(input_layernorm|ln_1)\./, ".attn_norm."],
  [/\.(post_attention_layernorm|ln_2)\./, ".ffn_norm."],
  [/\.self_attn\.(q|k)_norm\./, ".attn_$1_norm."],
  [/\.self_attn\.(q|k|v)_proj\./, ".attn_$1."],
  [/\.(self_attn\.o_proj|attn\.c_proj)\./, ".attn_output."],
  [/\.attn\.c_attn\./, ".attn_qkv."],
  [/\.mlp\.gate_proj\./, ".ffn_gate."],
  [/\.mlp\.(up_proj|c_fc)\./, ".ffn_up."],
  [/\.mlp\.(down_proj|c_proj)\./, ".ffn_down."],
];

/** Types of metadata values: 32-bit integer, 32-bit float, text. */
const [INTEGER, FLOAT, TEXT] = [4, 6, 8];

/** Tensors by GGUF's names. */
export function ggufTensors(name: GgufArchitecture): Record<string, FloatTensor> {
  const files = fixtureFiles(name);
  const headWidth = 8;
  const tensors: Record<string, FloatTensor> = {};
  for (const [from, { shape, bytes }] of storedTensors(files.get("model.safetensors") ?? new Uint8Array())) {
    const tensor = floatTensor(shape, new Float32Array(bytes.slice().buffer));
    const to = NAMES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), from);
    if (/\.c_\w+\.weight$/.test(from)) tensors[to] = transposed(tensor);
    else tensors[to] = name === "llama" && /attn_[qk]\.weight$/.test(to) ? interleaved(tensor, headWidth) : tensor;
  }
  return tensors;
}

/** @param settings further metadata, numbers being integers */
export function ggufFixture(
  name: GgufArchitecture,
  settings: Readonly<Record<string, number | string>> = {},
  tensors = ggufTensors(name),
): Uint8Array {
  const config = jsonOf(fixtureFiles(name), "config.json");
  const number = (...keys: string[]) => Number(keys.map((key) => config[key]).find((value) => typeof value === "number"));
  const rotary = (config.rope_parameters as { rope_theta?: number } | undefined)?.rope_theta ?? config.rope_theta;
  const width = number("hidden_size", "n_embd");
  const integers: Record<string, number> = {
    block_count: number("num_hidden_layers", "n_layer"),
    context_length: number("max_position_embeddings", "n_positions"),
    embedding_length: width,
    feed_forward_length: number("intermediate_size") || 4 * width,
    "attention.head_count": number("num_attention_heads", "n_head"),
    ...(name !== "gpt2" && { "attention.head_count_kv": number("num_key_value_heads") }),
    ...(name === "qwen3" && { "attention.key_length": 8, "attention.value_length": 8 }),
  };
  const floats: Record<string, number> =
    name === "gpt2"
      ? { "attention.layer_norm_epsilon": number("layer_norm_epsilon") }
      : { "attention.layer_norm_rms_epsilon": number("rms_norm_eps"), "rope.freq_base": Number(rotary) };
  return ggufBytes(
    {
      "general.architecture": { type: TEXT, value: name },
      ...Object.fromEntries(Object.entries(integers).map(([key, value]) => [`${name}.${key}`, { type: INTEGER, value }])),
      ...Object.fromEntries(Object.entries(floats).map(([key, value]) => [`${name}.${key}`, { type: FLOAT, value }])),
      ...Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [key, { type: typeof value === "number" ? INTEGER : TEXT, value }]),
      ),
    },
    tensors,
  );
}

function transposed({ shape: [rows = 0, columns = 0], data }: FloatTensor): FloatTensor {
  return floatTensor(
    [columns, rows],
    Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? 0),
  );
}

/** Rows as [heads, 2, half] in the order [heads, half, 2]. */
function interleaved({ shape: [rows = 0, columns = 0], data }: FloatTensor, headWidth: number): FloatTensor {
  const out = new Float32Array(data.length);
  const half = headWidth / 2;
  for (let h = 0; h < rows / headWidth; h++)
    for (let s = 0; s < 2; s++)
      for (let p = 0; p < half; p++)
        for (let c = 0; c < columns; c++)
          out[(h * headWidth + 2 * p + s) * columns + c] = data[(h * headWidth + s * half + p) * columns + c] ?? 0;
  return floatTensor([rows, columns], out);
}
