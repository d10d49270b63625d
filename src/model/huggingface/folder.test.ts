import { describe, expect, test } from "vitest";
import type { FloatTensor } from "../../tensor/tensor.ts";
import {
  ARCHITECTURES,
  type Architecture,
  counted,
  type Files,
  fixtureFiles,
  jsonBytes,
  openFiles,
  sharded,
  stored,
  storedTensors,
  withSettings,
  withTensors,
} from "../../testing/huggingface.ts";
import { memorySource } from "../source.ts";
import type { Transformer } from "../transformer/model.ts";
import { readFolder } from "./folder.ts";

const read = (files: Files): Transformer => readFolder(openFiles(files));
const rows = (tensor: FloatTensor | undefined) => Array.from(tensor?.data ?? []);
/** The values of a tensor as the file has them. */
const raw = (files: Files, name: string): number[] => {
  const bytes = storedTensors(files.get("model.safetensors") ?? new Uint8Array()).get(name)?.bytes ?? new Uint8Array();
  return [...new Float32Array(bytes.slice().buffer)];
};

/** Every tensor of a transformer with the shape that model.ts says. */
function shapes({ config, embedding, positionEmbedding, layers, norms, head }: Transformer): [FloatTensor | undefined, number[]][] {
  const { width, hidden, vocabulary, context, headWidth } = config;
  const [queries, keys] = [config.heads * headWidth, config.keyHeads * headWidth];
  const linear = (map: { weight: FloatTensor; bias?: FloatTensor } | undefined, outputs: number, inputs: number) =>
    map ? ([[map.weight, [outputs, inputs]], ...(map.bias ? [[map.bias, [outputs]]] : [])] as [FloatTensor, number[]][]) : [];
  return [
    [embedding, [vocabulary, width]],
    ...(positionEmbedding ? ([[positionEmbedding, [context, width]]] as [FloatTensor, number[]][]) : []),
    ...norms.flatMap(({ gain, bias }): [FloatTensor, number[]][] => [
      [gain, [width]],
      ...(bias ? ([[bias, [width]]] as [FloatTensor, number[]][]) : []),
    ]),
    ...linear(head, vocabulary, width),
    ...layers.flatMap((l) => [
      ...linear(l.query, queries, width),
      ...linear(l.key, keys, width),
      ...linear(l.value, keys, width),
      ...linear(l.output, width, queries),
      ...linear(l.gate, hidden, width),
      ...linear(l.up, hidden, width),
      ...linear(l.down, width, hidden),
      ...(l.queryGain && l.keyGain
        ? ([
            [l.queryGain, [headWidth]],
            [l.keyGain, [headWidth]],
          ] as [FloatTensor, number[]][])
        : []),
    ]),
  ];
}

/** Which optional tensors there are. */
const parts = ({ positionEmbedding, layers: [layer], norms: [norm], head }: Transformer) =>
  Object.entries({
    positions: positionEmbedding,
    head,
    up: layer?.up,
    gains: layer?.queryGain,
    "query bias": layer?.query.bias,
    "output bias": layer?.output.bias,
    "feed bias": layer?.down.bias,
    "norm bias": norm?.bias,
  }).flatMap(([name, tensor]) => (tensor ? [name] : []));

const decoder = {
  layers: 2,
  vocabulary: 60,
  norm: "rms",
  normPlace: "before",
  attention: "causal",
  activation: "silu",
  gated: true,
  output: "logits",
};
const plain = { kind: "rotary", theta: 10000 };
const scaling = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 32 };
const WANTED: Readonly<Record<Architecture, { config: object; parts: string[] }>> = {
  llama: {
    config: {
      ...decoder,
      width: 24,
      heads: 3,
      keyHeads: 1,
      headWidth: 8,
      hidden: 40,
      context: 64,
      epsilon: 1e-5,
      positions: plain,
      queryKeyNorm: false,
    },
    parts: ["head", "up"],
  },
  llama3: {
    config: {
      ...decoder,
      width: 32,
      heads: 4,
      keyHeads: 2,
      headWidth: 8,
      hidden: 48,
      context: 64,
      epsilon: 1e-5,
      positions: { kind: "rotary", theta: 100, scaling },
      queryKeyNorm: false,
    },
    parts: ["head", "up", "query bias", "output bias", "feed bias"],
  },
  qwen2: {
    config: {
      ...decoder,
      width: 32,
      heads: 4,
      keyHeads: 2,
      headWidth: 8,
      hidden: 56,
      context: 64,
      epsilon: 1e-6,
      positions: { kind: "rotary", theta: 1000000 },
      queryKeyNorm: false,
    },
    parts: ["head", "up", "query bias"],
  },
  qwen3: {
    config: {
      ...decoder,
      width: 24,
      heads: 4,
      keyHeads: 2,
      headWidth: 8,
      hidden: 40,
      context: 64,
      epsilon: 1e-6,
      positions: { kind: "rotary", theta: 1000000 },
      queryKeyNorm: true,
    },
    parts: ["head", "up", "gains"],
  },
  gpt2: {
    config: {
      ...decoder,
      width: 24,
      heads: 3,
      keyHeads: 3,
      headWidth: 8,
      hidden: 96,
      context: 32,
      epsilon: 1e-5,
      positions: { kind: "learned" },
      queryKeyNorm: false,
      norm: "layer",
      activation: "gelu-tanh",
      gated: false,
    },
    parts: ["positions", "head", "query bias", "output bias", "feed bias", "norm bias"],
  },
  bert: {
    config: {
      ...decoder,
      width: 24,
      heads: 3,
      keyHeads: 3,
      headWidth: 8,
      hidden: 48,
      context: 32,
      epsilon: 1e-12,
      positions: { kind: "learned" },
      queryKeyNorm: false,
      norm: "layer",
      normPlace: "after",
      attention: "full",
      activation: "gelu",
      gated: false,
      output: "mean",
    },
    parts: ["positions", "query bias", "output bias", "feed bias", "norm bias"],
  },
};

describe("readFolder()", () => {
  test.each(ARCHITECTURES)("reads %s: config, parts, shapes", (name) => {
    const model = read(fixtureFiles(name));
    expect(model.config).toEqual(WANTED[name].config);
    expect(parts(model)).toEqual(WANTED[name].parts);
    expect(model.norms).toHaveLength(5);
    for (const [tensor, shape] of shapes(model)) {
      expect(tensor?.shape).toEqual(shape);
      expect(tensor?.data).toHaveLength(shape.reduce((n, s) => n * s, 1));
    }
  });

  test.each(ARCHITECTURES)("reads %s from two files as from one", (name) => {
    const files = fixtureFiles(name);
    const [one, two] = [shapes(read(files)), shapes(read(sharded(files)))];
    one.forEach(([tensor], i) => {
      expect(rows(two[i]?.[0])).toEqual(rows(tensor));
    });
  });

  test("places tensors", () => {
    const [llama3, qwen3, gpt2, bert] = (["llama3", "qwen3", "gpt2", "bert"] as const).map(fixtureFiles);
    if (!llama3 || !qwen3 || !gpt2 || !bert) return expect.unreachable();
    const [l, q, g, b] = [read(llama3), read(qwen3), read(gpt2), read(bert)];
    // Rows 0 to 7 of a head in interleaved order.
    const order = [0, 4, 1, 5, 2, 6, 3, 7];
    const bias = raw(llama3, "model.layers.1.self_attn.k_proj.bias");
    expect(rows(l.layers[1]?.key.bias)).toEqual([...order.map((i) => bias[i]), ...order.map((i) => bias[8 + i])]);
    const weight = raw(llama3, "model.layers.0.self_attn.q_proj.weight");
    expect(rows(l.layers[0]?.query.weight).slice(32, 64)).toEqual(weight.slice(4 * 32, 5 * 32));
    expect(rows(l.layers[0]?.value.weight)).toEqual(raw(llama3, "model.layers.0.self_attn.v_proj.weight"));
    expect(rows(l.norms[3]?.gain)).toEqual(raw(llama3, "model.layers.1.post_attention_layernorm.weight"));
    expect(rows(l.norms[4]?.gain)).toEqual(raw(llama3, "model.norm.weight"));
    expect(l.head?.weight).toBe(l.embedding);
    const gain = raw(qwen3, "model.layers.0.self_attn.k_norm.weight");
    expect(rows(q.layers[0]?.keyGain)).toEqual(order.map((i) => gain[i]));
    expect(rows(q.head?.weight)).toEqual(raw(qwen3, "lm_head.weight"));
    const fused = raw(gpt2, "transformer.h.0.attn.c_attn.weight");
    expect(rows(g.layers[0]?.value.weight).slice(0, 24)).toEqual(Array.from({ length: 24 }, (_, i) => fused[72 * i + 48]));
    expect(rows(g.layers[0]?.key.bias)).toEqual(raw(gpt2, "transformer.h.0.attn.c_attn.bias").slice(24, 48));
    expect(rows(b.norms[0]?.bias)).toEqual(raw(bert, "embeddings.LayerNorm.bias"));
    expect(rows(b.norms[3]?.gain)).toEqual(raw(bert, "encoder.layer.1.attention.output.LayerNorm.weight"));
    expect(rows(b.norms[4]?.gain)).toEqual(raw(bert, "encoder.layer.1.output.LayerNorm.weight"));
    const [position, type] = [raw(bert, "embeddings.position_embeddings.weight"), raw(bert, "embeddings.token_type_embeddings.weight")];
    expect(rows(b.positionEmbedding)[24 + 5]).toBe((position[24 + 5] ?? 0) + (type[5] ?? 0));
  });

  test("reads names with another prefix, and ignores buffers", () => {
    const rename = (from: RegExp, to: string, more: string) => (tensors: Parameters<Parameters<typeof withTensors>[1]>[0]) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(name.replace(from, to), tensor);
      }
      tensors.set(more, { dtype: "I64", shape: [1], bytes: new Uint8Array(8) });
    };
    const bert = withTensors(fixtureFiles("bert"), rename(/^/, "bert.", "bert.embeddings.position_ids"));
    expect(read(bert).config).toEqual(WANTED.bert.config);
    const gpt2 = withTensors(fixtureFiles("gpt2"), rename(/^transformer\./, "", "h.0.attn.bias"));
    expect(read(gpt2).config).toEqual(WANTED.gpt2.config);
    const llama = withTensors(fixtureFiles("llama"), rename(/^/, "", "model.layers.0.self_attn.rotary_emb.inv_freq"));
    expect(read(llama).config).toEqual(WANTED.llama.config);
  });

  test("reads values only when they are asked for", () => {
    const files = fixtureFiles("llama");
    const source = counted(memorySource(files.get("model.safetensors") ?? new Uint8Array()));
    const open = openFiles(files);
    const model = readFolder((name) => (name === "model.safetensors" ? source : open(name)));
    const header = source.bytes;
    expect(header).toBeLessThan(3000);
    expect(model.layers[0]?.gate.weight.data).toHaveLength(40 * 24);
    expect(source.bytes).toBe(header + 4 * 40 * 24);
  });

  test.each<[Architecture, Record<string, unknown>, string]>([
    ["llama", { architectures: ["MistralForCausalLM"] }, '["MistralForCausalLM"], circlet knows LlamaForCausalLM'],
    ["llama", { architectures: undefined }, "not named"],
    ["llama", { architectures: ["LlamaForCausalLM", "BertModel"] }, '["LlamaForCausalLM","BertModel"]'],
    ["llama", { logits_scaling: 8 }, "The setting logits_scaling (8) of config.json"],
    ["llama", { sliding_window: 16 }, "The setting sliding_window (16)"],
    ["llama", { quantization_config: { bits: 4 } }, "The setting quantization_config"],
    ["llama", { hidden_act: "mish" }, 'The setting hidden_act of config.json is "mish"'],
    ["llama", { num_key_value_heads: 2 }, "3 heads of 8 channels and 2 key heads"],
    ["llama", { num_hidden_layers: 3 }, "no tensor model.layers.2.self_attn.q_proj.weight"],
    ["llama", { num_hidden_layers: 1 }, "a tensor model.layers.1."],
    ["llama", { hidden_size: undefined }, "hidden_size of config.json is missing"],
    ["llama", { intermediate_size: 41 }, "gate_proj.weight has shape [40,24], expected is [41,24]"],
    ["llama", { tie_word_embeddings: true }, "a tensor lm_head.weight"],
    ["llama", { attention_bias: true }, "no tensor model.layers.0.self_attn.q_proj.bias"],
    ["llama", { rope_theta: 10000.5 }, "rope_theta is 10000.5"],
    ["llama", { rope_scaling: { type: "linear", factor: 2 } }, 'type of rope_scaling of config.json is "linear"'],
    ["llama", { rope_scaling: { rope_type: "yarn", factor: 2 } }, 'rope_type of rope_scaling of config.json is "yarn"'],
    ["llama", { rope_scaling: { rope_type: "llama3", factor: 2 } }, "low_freq_factor of rope_scaling of config.json is missing"],
    ["llama", { rope_scaling: { rope_type: "default", factor: 2 } }, "The setting factor (2) of rope_scaling"],
    ["llama", { partial_rotary_factor: 0.5 }, "partial_rotary_factor of config.json is 0.5"],
    ["llama3", { attention_bias: false }, "a tensor model.layers.0.self_attn"],
    ["llama3", { mlp_bias: false }, "a tensor model.layers.0.mlp.down_proj.bias"],
    ["qwen2", { use_sliding_window: true }, "use_sliding_window of config.json is true"],
    ["qwen2", { layer_types: ["full_attention", "sliding_attention"] }, "layer_types of config.json"],
    ["qwen3", { head_dim: 7 }, "4 heads of 7 channels"],
    ["qwen3", { attn_logit_softcapping: 30 }, "attn_logit_softcapping (30)"],
    ["gpt2", { scale_attn_by_inverse_layer_idx: true }, "scale_attn_by_inverse_layer_idx of config.json is true"],
    ["gpt2", { add_cross_attention: true }, "add_cross_attention of config.json is true"],
    ["gpt2", { activation_function: "tanh" }, 'activation_function of config.json is "tanh"'],
    ["bert", { position_embedding_type: "relative_key" }, 'position_embedding_type of config.json is "relative_key"'],
    ["bert", { is_decoder: true }, "is_decoder of config.json is true"],
    ["bert", { num_attention_heads: 5 }, "5 heads in a width of 24"],
  ])("refuses %s with %o", (name, settings, message) => {
    expect(() => read(withSettings(fixtureFiles(name), settings))).toThrow(message);
  });

  test.each<[Architecture, string]>([
    ["llama", "model.layers.0.mlp.gate_proj.bias"],
    ["qwen2", "model.layers.0.self_attn.o_proj.bias"],
    ["qwen3", "model.layers.0.self_attn.sinks"],
    ["gpt2", "lm_head.weight"],
    ["bert", "cls.predictions.bias"],
  ])("refuses %s with a tensor %s", (name, tensor) => {
    const files = withTensors(fixtureFiles(name), (tensors) => tensors.set(tensor, stored([1], [0])));
    expect(() => read(files)).toThrow(`The model has a tensor ${tensor}`);
  });

  test("names what is missing or misplaced in a folder", () => {
    const files = sharded(fixtureFiles("llama"));
    const without = (name: string) => new Map([...files].filter(([file]) => file !== name));
    const index = (weight_map: unknown) => new Map([...files, ["model.safetensors.index.json", jsonBytes({ weight_map })]]);
    expect(() => read(without("config.json"))).toThrow("no config.json");
    expect(() => read(without("model.safetensors.index.json"))).toThrow("neither model.safetensors nor");
    expect(() => read(without("model-00002-of-00002.safetensors"))).toThrow("no model-00002-of-00002.safetensors");
    expect(() => read(index({ a: "../model.safetensors" }))).toThrow("tensor a is in the file ../model.safetensors");
    expect(() => read(index({ a: "model-00001-of-00002.safetensors" }))).toThrow("does not place there");
    expect(() => read(index([]))).toThrow("no weight_map");
    expect(() => read(new Map([["config.json", new TextEncoder().encode("[]")]]))).toThrow("config.json: it is no object");
  });

  test("pools as a sentence-transformers folder says, if that is the mean", () => {
    const step = (name: string, path: string) => ({ type: `sentence_transformers.models.${name}`, path });
    const steps = [step("Transformer", ""), step("Pooling", "1_Pooling"), step("Normalize", "2_Normalize")];
    const folder = (modules: unknown, pooling: object) =>
      new Map([...fixtureFiles("bert"), ["modules.json", jsonBytes(modules)], ["1_Pooling/config.json", jsonBytes(pooling)]]);
    const mean = { word_embedding_dimension: 24, pooling_mode_cls_token: false, pooling_mode_mean_tokens: true };
    expect(read(folder(steps, mean)).config.output).toBe("mean");
    expect(read(folder(steps, { pooling_mode: "mean" })).config.output).toBe("mean");
    expect(() => read(folder(steps, { ...mean, pooling_mode_cls_token: true }))).toThrow("pools by pooling_mode_cls_token true");
    expect(() => read(folder(steps, { pooling_mode: "cls" }))).toThrow('pools by pooling_mode "cls" (1_Pooling/config.json)');
    expect(() => read(folder(steps, {}))).toThrow("pools by nothing");
    expect(() => read(folder([...steps, step("Dense", "3_Dense")], mean))).toThrow("Dense");
    expect(() => read(folder([step("Pooling", "../1")], mean))).toThrow("../1");
    expect(() => read(folder({}, mean))).toThrow("modules.json: it is no list");
  });
});
