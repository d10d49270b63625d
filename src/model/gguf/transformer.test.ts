import { describe, expect, test } from "vitest";
import { floatTensor } from "../../tensor/tensor.ts";
import { GGUF_ARCHITECTURES, type GgufArchitecture, ggufFixture, ggufTensors } from "../../testing/gguf-fixtures.ts";
import { counted, fixtureFiles, openFiles } from "../../testing/huggingface.ts";
import { readFolder } from "../huggingface/folder.ts";
import { memorySource } from "../source.ts";
import type { Transformer } from "../transformer/model.ts";
import { readGguf } from "./read.ts";
import { ggufTransformer } from "./transformer.ts";

const read = (bytes: Uint8Array): Transformer => ggufTransformer(readGguf(bytes));

/** A transformer with its tensors as lists of numbers. */
function written(model: Transformer): unknown {
  return JSON.parse(
    JSON.stringify(model, (_, value: unknown) =>
      typeof value === "object" && value !== null && "shape" in value && "data" in value
        ? { shape: value.shape, data: Array.from(value.data as Float32Array) }
        : value,
    ),
  );
}

describe("ggufTransformer()", () => {
  test.each(GGUF_ARCHITECTURES)("reads %s as from its folder", (name) => {
    const folder = readFolder(openFiles(fixtureFiles(name)));
    const epsilon = Math.fround(folder.config.epsilon);
    expect(written(read(ggufFixture(name)))).toEqual(written({ ...folder, config: { ...folder.config, epsilon } }));
  });

  test("reads values only when they are asked for", () => {
    const source = counted(memorySource(ggufFixture("llama")));
    const model = ggufTransformer(readGguf(source));
    const header = source.bytes;
    expect(model.layers[1]?.down.weight.data).toHaveLength(24 * 40);
    expect(source.bytes).toBe(header + 4 * 24 * 40);
  });

  test("takes what only says again what is known", () => {
    const config = read(ggufFixture("llama", { "llama.vocab_size": 60, "llama.rope.dimension_count": 8 })).config;
    expect(config).toEqual(read(ggufFixture("llama")).config);
  });

  test("reads LLaMA 3's scaling from its divisors", () => {
    const tensors = { ...ggufTensors("llama"), "rope_freqs.weight": floatTensor([4], [1, 1, 1, 1]) };
    expect(read(ggufFixture("llama", {}, tensors)).config.positions).toEqual({ kind: "rotary", theta: 10000 });
    // Waves of 6, 63, 628 and 6283 positions: with a context of 8192 the last one is stretched in part.
    const share = (8192 / (2 * Math.PI * 1000) - 1) / 3;
    const stretched = { ...tensors, "rope_freqs.weight": floatTensor([4], [1, 1, 1, 1 / ((1 - share) / 8 + share)]) };
    expect(() => read(ggufFixture("llama", {}, stretched))).toThrow("rope_freqs.weight whose divisors");
  });

  test.each<[GgufArchitecture, Record<string, number | string>, string]>([
    ["llama", { "general.architecture": "falcon" }, "the architecture falcon, circlet knows llama, qwen2, qwen3, gpt2"],
    ["llama", { "llama.rope.scaling.type": "linear" }, "has llama.rope.scaling.type"],
    ["llama", { "llama.attention.sliding_window": 8 }, "has llama.attention.sliding_window"],
    ["llama", { "llama.expert_count": 8 }, "has llama.expert_count"],
    ["llama", { "llama.vocab_size": 61 }, "has llama.vocab_size 61, but embeddings of 60 tokens"],
    ["llama", { "llama.rope.dimension_count": 4 }, "which circlet cannot arrange"],
    ["llama", { "llama.block_count": 3 }, "no tensor blk.2.attn_q.weight"],
    ["llama", { "llama.block_count": 1 }, "has blk.1."],
    ["llama", { "llama.feed_forward_length": 41 }, "blk.0.ffn_gate.weight has shape [40,24], expected is [41,24]"],
    ["qwen3", { "qwen3.attention.value_length": 4 }, "which circlet cannot arrange"],
    ["gpt2", { "gpt2.attention.head_count_kv": 1 }, "which circlet cannot arrange"],
  ])("refuses %s with %o", (name, settings, message) => {
    expect(() => read(ggufFixture(name, settings))).toThrow(message);
  });

  test.each<[GgufArchitecture, string]>([
    ["llama", "blk.0.attn_q.bias"],
    ["qwen2", "blk.1.attn_output.bias"],
    ["qwen3", "blk.0.attn_sinks.weight"],
    ["gpt2", "rope_freqs.weight"],
  ])("refuses %s with a tensor %s", (name, tensor) => {
    const tensors = { ...ggufTensors(name), [tensor]: floatTensor([1], [0]) };
    expect(() => read(ggufFixture(name, {}, tensors))).toThrow(`has ${tensor}`);
  });
});
