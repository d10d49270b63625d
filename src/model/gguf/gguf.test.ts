import { describe, expect, test } from "vitest";
import { storiesFiles } from "../../testing/stories.ts";
import { tensorOf } from "./dequantize.ts";
import { readGguf } from "./read.ts";

/** A GGUF file of one metadata text and one tensor. */
function fileOf(shape: readonly number[], type: number, data: Uint8Array): Uint8Array {
  const parts: number[] = [];
  const u32 = (v: number) => parts.push(v & 255, (v >> 8) & 255, (v >> 16) & 255, (v >>> 24) & 255);
  const u64 = (v: number) => {
    u32(v);
    u32(0);
  };
  const text = (s: string) => {
    u64(s.length);
    parts.push(...new TextEncoder().encode(s));
  };
  u32(0x46554747);
  u32(3);
  u64(1);
  u64(1);
  text("general.architecture");
  u32(8);
  text("test");
  text("t");
  u32(shape.length);
  for (const size of [...shape].reverse()) u64(size);
  u32(type);
  u64(0);
  while (parts.length % 32 !== 0) parts.push(0);
  return Uint8Array.from([...parts, ...data]);
}

const values = (shape: readonly number[], type: number, data: readonly number[]) => [
  ...tensorOf(readGguf(fileOf(shape, type, Uint8Array.from(data))), "t", shape).data,
];
/** 16-bit floats: 1, -0.5. */
const [ONE, MINUS_HALF] = [
  [0x00, 0x3c],
  [0x00, 0xb8],
];

describe("tensorOf()", () => {
  test("reads floats of 32 and 16 bits", () => {
    expect(values([1, 2], 0, [0, 0, 128, 63, 0, 0, 0, 192])).toEqual([1, -2]);
    expect(values([3], 1, [...ONE!, ...MINUS_HALF!, 0x01, 0x00])).toEqual([1, -0.5, 2 ** -24]);
    expect(values([2], 30, [0x80, 0x3f, 0x40, 0xc0])).toEqual([1, -3]);
  });

  test("reads blocks of 8 bits", () => {
    const bytes = Array.from({ length: 32 }, (_, i) => (i === 0 ? 255 : i));
    expect(values([32], 8, [...MINUS_HALF!, ...bytes])).toEqual(bytes.map((b) => -0.5 * (b === 255 ? -1 : b)));
  });

  test("reads blocks of 4 bits, low halves first", () => {
    const pairs = Array.from({ length: 16 }, (_, i) => i + 16 * (15 - i));
    const nibbles = [...pairs.map((p) => p & 15), ...pairs.map((p) => p >> 4)];
    expect(values([32], 2, [...ONE!, ...pairs])).toEqual(nibbles.map((n) => n - 8));
    expect(values([32], 3, [...ONE!, ...MINUS_HALF!, ...pairs])).toEqual(nibbles.map((n) => n - 0.5));
  });

  test("reads super-blocks of 4 bits with packed scales and minima", () => {
    // Group g: scale g + 1 (6 bits), minimum 40 - g. Groups 4 to 7 keep their upper two bits with groups 0 to 3.
    const scale = (g: number) => 8 * g + 1;
    const least = (g: number) => 60 - 7 * g;
    const packed = new Array<number>(12).fill(0);
    for (let g = 0; g < 4; g++) {
      packed[g] = scale(g) | ((scale(g + 4) >> 4) << 6);
      packed[g + 4] = least(g) | ((least(g + 4) >> 4) << 6);
      packed[g + 8] = (scale(g + 4) & 15) | ((least(g + 4) & 15) << 4);
    }
    const nibble = (i: number) => (i * 7 + (i >> 5)) % 16;
    const quarters = Array.from({ length: 128 }, (_, k) => {
      const at = 64 * (k >> 5) + (k & 31);
      return nibble(at) | (nibble(at + 32) << 4);
    });
    const expected = Array.from({ length: 256 }, (_, i) => scale(i >> 5) * nibble(i) + 0.5 * least(i >> 5));
    expect(values([256], 12, [...ONE!, ...MINUS_HALF!, ...packed, ...quarters])).toEqual(expected);
  });

  test("reads super-blocks of 6 bits", () => {
    const q = (i: number) => (i * 11 + (i >> 4)) % 64;
    const scale = (g: number) => 3 * g - 20;
    const low = Array.from({ length: 128 }, (_, k) => {
      const at = 128 * (k >> 6) + (k & 63);
      return (q(at) & 15) | ((q(at + 64) & 15) << 4);
    });
    const high = Array.from({ length: 64 }, (_, k) => {
      const at = 128 * (k >> 5) + (k & 31);
      return [0, 1, 2, 3].reduce((byte, row) => byte | ((q(at + 32 * row) >> 4) << (2 * row)), 0);
    });
    const scales = Array.from({ length: 16 }, (_, g) => scale(g) & 255);
    const expected = Array.from({ length: 256 }, (_, i) => scale(i >> 4) * (q(i) - 32));
    expect(values([256], 14, [...low, ...high, ...scales, ...ONE!])).toEqual(expected);
  });

  test("names what it cannot read", () => {
    expect(() => values([1], 7, [0])).toThrow("Tensor t is in GGUF's format number 7");
    expect(() => values([33], 8, [0])).toThrow("not made of Q8_0 blocks");
    expect(() => values([8], 0, [0, 0])).toThrow("the file ends in it");
    expect(() => tensorOf(readGguf(fileOf([1], 0, new Uint8Array(4))), "u")).toThrow("no tensor u");
  });
});

describe("readGguf()", () => {
  test("refuses every shorter file with a sentence", () => {
    const bytes = fileOf([1], 0, new Uint8Array(4));
    for (let n = 0; n < bytes.length - 32; n++) expect(() => readGguf(bytes.subarray(0, n)), `${n} bytes`).toThrow(SyntaxError);
  });

  const files = storiesFiles();
  test.runIf(files)("reads stories260K", () => {
    const file = readGguf(files?.model ?? new Uint8Array());
    expect(file.metadata.get("general.architecture")).toBe("llama");
    expect([...file.tensors.values()].reduce((n, t) => n + t.shape.reduce((p, s) => p * s, 1), 0)).toBe(260_032 + 512 * 64);
  });
});
