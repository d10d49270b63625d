import { describe, expect, test } from "vitest";
import { counted, safetensorsBytes, safetensorsFile, stored } from "../../testing/huggingface.ts";
import { memorySource } from "../source.ts";
import { lazyTensorOf, readSafetensors } from "./safetensors.ts";

/** A file of one tensor "t". */
const fileOf = (dtype: string, shape: readonly number[], bytes: readonly number[]) =>
  safetensorsBytes(new Map([["t", { dtype, shape, bytes: Uint8Array.from(bytes) }]]));
const valuesOf = (dtype: string, shape: readonly number[], bytes: readonly number[]) => {
  const tensor = readSafetensors(memorySource(fileOf(dtype, shape, bytes))).get("t");
  return tensor && [...lazyTensorOf(tensor).data];
};
const withHeader =
  (header: unknown, bytes = 4) =>
  () =>
    readSafetensors(
      memorySource(safetensorsFile(typeof header === "string" ? header : JSON.stringify(header), new Array<number>(bytes).fill(0))),
    );
const entry = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

describe("readSafetensors()", () => {
  test("reads floats of 64, 32 and 16 bits", () => {
    expect(valuesOf("F64", [1], [0, 0, 0, 0, 0, 0, 0xf8, 0x3f])).toEqual([1.5]);
    expect(valuesOf("F32", [1, 2], [0, 0, 128, 63, 0, 0, 0, 192])).toEqual([1, -2]);
    expect(valuesOf("F16", [4], [0x00, 0x3c, 0x00, 0xb8, 0x01, 0x00, 0x00, 0x7c])).toEqual([1, -0.5, 2 ** -24, Number.POSITIVE_INFINITY]);
    expect(valuesOf("BF16", [2], [0x80, 0x3f, 0x40, 0xc0])).toEqual([1, -3]);
  });

  test("reads no more than the rows that are asked for", () => {
    const file = safetensorsBytes(
      new Map([
        ["a", stored([100], new Float32Array(100))],
        ["b", stored([4, 2], [0, 1, 2, 3, 4, 5, 6, 7])],
      ]),
    );
    const source = counted(memorySource(file));
    const tensor = readSafetensors(source).get("b");
    const header = source.bytes;
    expect(header).toBeLessThan(250);
    const lazy = tensor && lazyTensorOf(tensor);
    expect(source.bytes).toBe(header);
    expect([...(lazy?.rows(2, 1) ?? [])]).toEqual([4, 5]);
    expect(source.bytes).toBe(header + 8);
  });

  test("lists tensors of integers, and refuses to read them", () => {
    const tensor = readSafetensors(memorySource(fileOf("I64", [1], new Array<number>(8).fill(0)))).get("t");
    expect(tensor?.dtype).toBe("I64");
    expect(() => tensor && lazyTensorOf(tensor)).toThrow("Tensor t has values of type I64, circlet reads F64, F32, F16, BF16");
  });

  test("refuses every shorter and every longer file", () => {
    const file = fileOf("F32", [1], [0, 0, 0, 0]);
    for (let n = 0; n < file.length; n++)
      expect(() => readSafetensors(memorySource(file.subarray(0, n))), `${n} bytes`).toThrow(SyntaxError);
    expect(() => readSafetensors(memorySource(Uint8Array.from([...file, 0])))).toThrow("its tensors end at byte");
  });

  test.each([
    [
      "a header longer than the file",
      () => readSafetensors(memorySource(Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0))),
      "its header has 255 bytes",
    ],
    ["no JSON", withHeader("{"), "Cannot read the header"],
    ["a list", withHeader("[]"), "is no object"],
    ["an unknown type", withHeader({ t: { ...entry, dtype: "F4" } }), "Cannot read tensor t: its type is F4"],
    ["a negative size", withHeader({ t: { ...entry, shape: [-1] } }), "tensor t: its shape is [-1]"],
    ["no shape", withHeader({ t: { dtype: "F32", data_offsets: [0, 4] } }), "tensor t: its shape is undefined"],
    ["too few bytes", withHeader({ t: { ...entry, shape: [2] } }), "tensor t: 4 bytes for shape [2] of F32"],
    ["offsets behind the end", withHeader({ t: { ...entry, data_offsets: [4, 8] } }), "tensor t: it begins at byte 4"],
    ["three offsets", withHeader({ t: { ...entry, data_offsets: [0, 4, 4] } }), "tensor t: its offsets are [0,4,4]"],
    ["more settings", withHeader({ t: { ...entry, scale: 2 } }), "tensor t: its description has scale"],
    [
      "two tensors in one place",
      withHeader({ t: entry, u: entry }),
      "tensor u: it begins at byte 0 of the values, the one before ends at 4",
    ],
    ["a gap", withHeader({ t: entry, u: { ...entry, data_offsets: [5, 9] } }, 9), "tensor u: it begins at byte 5"],
    ["one name twice", withHeader(`{"t": ${JSON.stringify(entry)}, "t": ${JSON.stringify(entry)}}`), "two tensors t"],
  ])("refuses %s", (_, read, message) => {
    expect(read).toThrow(message);
    expect(read).toThrow(SyntaxError);
  });
});
