/**
 * Transformers of GGUF files: llama, qwen2, qwen3, gpt2. Tensors have the same names in all of them; rotary pairs are side by side in "llama" files and half a head
 * apart in the others.
 */
import { ModelError } from "../../errors.ts";
import { type LazyTensor, withRows } from "../../tensor/lazy.ts";
import { interleavedLinear, interleavedRows } from "../transformer/interleave.ts";
import type { Linear, Norm, RotaryScaling, Transformer, TransformerConfig, TransformerLayer } from "../transformer/model.ts";
import { tensorOf } from "./dequantize.ts";
import { type GgufFile, numberOf } from "./read.ts";
import { scalingOfFactors } from "./rope-factors.ts";

/** What tells the architectures apart. */
interface Family {
  readonly norm: "rms" | "layer";
  readonly rotary: "interleaved" | "half-split" | null;
  /** Which linear maps have biases. */
  readonly biases: "none" | "query, key and value" | "all";
  readonly queryKeyNorm: boolean;
  /** Whether query, key and value are the rows of one matrix. */
  readonly fused: boolean;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { norm: "rms", rotary: "interleaved", biases: "none", queryKeyNorm: false, fused: false },
  qwen2: { norm: "rms", rotary: "half-split", biases: "query, key and value", queryKeyNorm: false, fused: false },
  qwen3: { norm: "rms", rotary: "half-split", biases: "none", queryKeyNorm: true, fused: false },
  gpt2: { norm: "layer", rotary: null, biases: "all", queryKeyNorm: false, fused: true },
};

/**
 * The transformer in a GGUF file; weights are read when they are asked for. A tensor or a setting that is not used here would make it another one than the file's.
 * @throws ModelError naming what is missing or unknown
 */
export function ggufTransformer(file: GgufFile): Transformer {
  const architecture = file.metadata.get("general.architecture");
  const family = typeof architecture === "string" && Object.hasOwn(FAMILIES, architecture) ? FAMILIES[architecture] : undefined;
  if (!family || typeof architecture !== "string")
    throw new ModelError(`The GGUF file has the architecture ${String(architecture)}, circlet knows ${Object.keys(FAMILIES).join(", ")}`);
  const known = new Set<string>();
  const take: Take = (name, shape) => {
    known.add(name);
    return tensorOf(file, name, shape);
  };
  const config = configOf(file, architecture, family, known, take);
  const { width, vocabulary, context } = config;
  const norm = (name: string): Norm => ({
    gain: take(`${name}.weight`, [width]),
    ...(family.norm === "layer" && { bias: take(`${name}.bias`, [width]) }),
  });
  const layers = Array.from({ length: config.layers }, (_, l) => layerOf(family, config, take, `blk.${l}`));
  const norms = [...layers.flatMap((_, l) => [norm(`blk.${l}.attn_norm`), norm(`blk.${l}.ffn_norm`)]), norm("output_norm")];
  const embedding = take("token_embd.weight", [vocabulary, width]);
  const positionEmbedding = family.rotary === null ? take("position_embd.weight", [context, width]) : null;
  const head = { weight: file.tensors.has("output.weight") ? take("output.weight", [vocabulary, width]) : embedding };
  for (const name of [...file.tensors.keys(), ...[...file.metadata.keys()].filter((key) => key.startsWith(`${architecture}.`))])
    if (!known.has(name)) throw new ModelError(`The GGUF file has ${name}, which circlet does not know`);
  return { config, embedding, ...(positionEmbedding && { positionEmbedding }), layers, norms, head };
}

type Take = (name: string, shape: readonly number[]) => LazyTensor;

function layerOf(family: Family, config: TransformerConfig, take: Take, layer: string): TransformerLayer {
  const { width, heads, keyHeads, headWidth, hidden } = config;
  const [queries, keys] = [heads * headWidth, keyHeads * headWidth];
  const linear = (name: string, outputs: number, inputs: number, biased = family.biases === "all"): Linear => ({
    weight: take(`${layer}.${name}.weight`, [outputs, inputs]),
    ...(biased && { bias: take(`${layer}.${name}.bias`, [outputs]) }),
  });
  const attention = (name: string, outputs: number) => linear(name, outputs, width, family.biases !== "none");
  const ordered = (map: Linear): Linear => (family.rotary === "half-split" ? interleavedLinear(map, headWidth) : map);
  const gain = (name: string) => interleavedRows(take(`${layer}.${name}.weight`, [headWidth]), headWidth);
  const fused = family.fused ? linear("attn_qkv", 3 * width, width) : null;
  return {
    query: fused ? rowsOfLinear(fused, 0, width) : ordered(attention("attn_q", queries)),
    key: fused ? rowsOfLinear(fused, width, width) : ordered(attention("attn_k", keys)),
    value: fused ? rowsOfLinear(fused, 2 * width, width) : attention("attn_v", keys),
    output: linear("attn_output", width, queries),
    ...(config.queryKeyNorm && { queryGain: gain("attn_q_norm"), keyGain: gain("attn_k_norm") }),
    gate: linear(config.gated ? "ffn_gate" : "ffn_up", hidden, width),
    ...(config.gated && { up: linear("ffn_up", hidden, width) }),
    down: linear("ffn_down", width, hidden),
  };
}

function rowsOfLinear({ weight, bias }: Linear, first: number, count: number): Linear {
  const order = Int32Array.from({ length: count }, (_, i) => first + i);
  return { weight: withRows(weight, order), ...(bias && { bias: withRows(bias, order) }) };
}

function configOf(file: GgufFile, architecture: string, family: Family, known: Set<string>, take: Take): TransformerConfig {
  const number = (key: string, otherwise?: number) => {
    known.add(`${architecture}.${key}`);
    return otherwise !== undefined && !file.metadata.has(`${architecture}.${key}`) ? otherwise : numberOf(file, `${architecture}.${key}`);
  };
  const [width, heads, hidden] = [number("embedding_length"), number("attention.head_count"), number("feed_forward_length")];
  const vocabulary = file.tensors.get("token_embd.weight")?.shape[0] ?? 0;
  const keyHeads = number("attention.head_count_kv", heads);
  const headWidth = number("attention.key_length", width / heads);
  const widths = [
    number("attention.value_length", headWidth),
    family.rotary === null ? headWidth : number("rope.dimension_count", headWidth),
  ];
  const fusedAlike = !family.fused || (keyHeads === heads && headWidth * heads === width);
  if (!Number.isInteger(headWidth / 2) || !Number.isInteger(heads / keyHeads) || widths.some((w) => w !== headWidth) || !fusedAlike)
    throw new ModelError(`The GGUF file has ${heads} heads, ${keyHeads} key heads and width ${width}, which circlet cannot arrange`);
  if (number("vocab_size", vocabulary) !== vocabulary)
    throw new ModelError(`The GGUF file has ${architecture}.vocab_size ${number("vocab_size")}, but embeddings of ${vocabulary} tokens`);
  const rotary = (): TransformerConfig["positions"] => {
    const theta = number("rope.freq_base", 10000);
    if (!Number.isSafeInteger(theta))
      throw new ModelError(`The GGUF file has ${architecture}.rope.freq_base ${theta}, circlet wants an integer`);
    const scaling = scalingOf(file, take, theta, headWidth);
    return { kind: "rotary", theta, ...(scaling && { scaling }) };
  };
  return {
    layers: number("block_count"),
    width,
    heads,
    keyHeads,
    headWidth,
    hidden,
    vocabulary,
    context: number("context_length"),
    norm: family.norm,
    normPlace: "before",
    epsilon: number(family.norm === "rms" ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"),
    attention: "causal",
    positions: family.rotary === null ? { kind: "learned" } : rotary(),
    queryKeyNorm: family.queryKeyNorm,
    activation: family.norm === "rms" ? "silu" : "gelu-tanh",
    gated: family.norm === "rms",
    output: "logits",
  };
}

/** LLaMA 3's scaling is stored as the divisors that it gives. */
function scalingOf(file: GgufFile, take: Take, theta: number, headWidth: number): RotaryScaling | null {
  const name = "rope_freqs.weight";
  return file.tensors.has(name) ? scalingOfFactors(take(name, [headWidth / 2]).data, theta) : null;
}
