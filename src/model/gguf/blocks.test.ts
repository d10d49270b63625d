/** The block formats against the package gguf of llama.cpp's authors: see fixtures/make-blocks.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { memorySource } from "../source.ts";
import { tensorOf } from "./dequantize.ts";

interface Known {
  readonly type: number;
  readonly shape: readonly number[];
  readonly bytes: string;
  readonly values: string;
}
const known = JSON.parse(readFileSync(new URL("../../testing/fixtures/gguf-blocks.json", import.meta.url), "utf8")) as Record<
  string,
  Known
>;
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

describe("tensorOf()", () => {
  test.each(["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K"])("reads %s, whole and row by row", (name) => {
    const { type, shape, bytes, values } = known[name]!;
    const tensor = tensorOf(
      { metadata: new Map(), tensors: new Map([["t", { name: "t", shape, type, offset: 0 }]]), source: memorySource(bytesOf(bytes)) },
      "t",
      shape,
    );
    const expected = new Float32Array(bytesOf(values).buffer);
    const [, columns = 0] = shape;
    const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    // The package rounds products to 32 bits on its way, circlet once at the end.
    const close = (a: ArrayLike<number>, b: Float32Array) => Array.from(a).every((v, i) => Math.abs(v - b[i]!) <= scale * 2 ** -22);
    expect(close(tensor.data, expected)).toBe(true);
    expect(tensor.data).toHaveLength(expected.length);
    expect(close(tensor.rows(1, 1), expected.subarray(columns))).toBe(true);
  });
});
