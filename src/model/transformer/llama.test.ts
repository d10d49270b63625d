import { describe, expect, test } from "vitest";
import { SMALL } from "../../testing/decoder.ts";
import { smallGguf } from "../../testing/gguf.ts";
import { type GgufFile, type GgufValue, readGguf } from "../gguf/read.ts";
import { llamaOf } from "./llama.ts";

const file = readGguf(smallGguf());
const withValue = (key: string, value: GgufValue): GgufFile => ({ ...file, metadata: new Map([...file.metadata, [key, value]]) });
const withTensor = (name: string): GgufFile => ({
  ...file,
  tensors: new Map([...file.tensors, [name, { ...file.tensors.get("output_norm.weight")!, name }]]),
});

describe("llamaOf()", () => {
  test("reads the sizes", () => {
    expect(llamaOf(file).config).toEqual({ ...SMALL, epsilon: Math.fround(SMALL.epsilon) });
    expect(llamaOf(withValue("llama.vocab_size", SMALL.vocabulary)).config.vocabulary).toBe(SMALL.vocabulary);
  });

  // a decoder without them would be another one than the file's, under a key that says it is the file's
  test.each(["rope_freqs.weight", "blk.0.attn_q.bias", "blk.0.attn_q_norm.weight", "blk.3.attn_norm.weight"])(
    "refuses a file with the tensor %s",
    (name) => {
      expect(() => llamaOf(withTensor(name))).toThrow(`has ${name}`);
    },
  );

  test.each([
    ["llama.rope.scaling.type", "linear"],
    ["llama.rope.scaling.factor", 4],
    ["llama.attention.sliding_window", 32],
    ["llama.expert_count", 8],
  ])("refuses a file with the setting %s", (key, value) => {
    expect(() => llamaOf(withValue(key, value))).toThrow(`has ${key}`);
  });

  test("refuses heads of another width", () => {
    for (const key of ["rope.dimension_count", "attention.key_length", "attention.value_length"]) {
      expect(llamaOf(withValue(`llama.${key}`, SMALL.headWidth)).config.headWidth).toBe(SMALL.headWidth);
      expect(() => llamaOf(withValue(`llama.${key}`, SMALL.headWidth / 2))).toThrow("cannot arrange");
    }
  });
});
