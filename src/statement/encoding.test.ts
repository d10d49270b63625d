import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeInput, type InputEncoding, inputShape, MAX_TEXT_BYTES, outputLabel, tensorBytes } from "./encoding.ts";
import { normalizeText } from "./ngrams.ts";
import { decodeUtf8 } from "./utf8.ts";

/** lande does not export its features, so they are read by path. */
const {
  getNgrams,
  getNormalized,
}: {
  getNgrams(text: string, length: number): Record<string, { frequency: number }>;
  getNormalized(text: string): string;
} = await import(new URL("../../node_modules/lande/standalone/utils.js", import.meta.url).href);

const text = (s: string) => new TextEncoder().encode(s);

describe("UTF-8", () => {
  it("decodes what TextEncoder writes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (s) => void expect(decodeUtf8(text(s))).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(text(s))),
      ),
    );
    expect(decodeUtf8(text("\ufeffa"))).toBe("\ufeffa");
  });

  it("refuses exactly the bytes that a strict TextDecoder refuses", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const bytes = fc.uint8Array({ maxLength: 5 });
    const leading = fc.constantFrom(0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff);
    const trailing = fc.array(fc.constantFrom(0x00, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf), { maxLength: 4 });
    const pointed = fc.tuple(leading, trailing).map(([a, b]) => Uint8Array.from([a, ...b]));
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(bytes, pointed), (b) => {
        let expected: string | null = null;
        try {
          expected = strict.decode(b);
        } catch {
          refused++;
        }
        if (expected === null) expect(() => decodeUtf8(b)).toThrow(RangeError);
        else expect(decodeUtf8(b)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe("n-gram frequencies", () => {
  const encoding: InputEncoding = {
    kind: "ngrams",
    groups: [
      [" ", "e", "я"],
      ["e ", "th"],
      [" th", "the"],
    ],
    exponent: 12,
  };

  it("normalise as lande does", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (s) => void expect(normalizeText(s)).toBe(getNormalized(s))));
    expect(normalizeText("  Well--known, THE  end\n\n42! ")).toBe(" well known the end ");
  });

  it("are lande's frequencies, rounded half up", () => {
    for (const s of ["The other one, then the END.", "", "a", "Я люблю чай — the"]) {
      const expected = encoding.groups.flatMap((group) => {
        const known = getNgrams(getNormalized(s), group[0]?.length ?? 0);
        return group.map((g) => Math.floor((known[g]?.frequency ?? 0) * 4096 + 0.5));
      });
      expect([...encodeInput(encoding, text(s))]).toEqual(expected);
    }
    expect(inputShape(encoding)).toEqual([7]);
  });

  it("refuse malformed and overlong text", () => {
    expect(() => encodeInput(encoding, Uint8Array.of(0x61, 0xff))).toThrow("byte 1");
    expect(() => encodeInput(encoding, new Uint8Array(MAX_TEXT_BYTES + 1).fill(97))).toThrow(RangeError);
    expect(encodeInput(encoding, new Uint8Array(MAX_TEXT_BYTES).fill(97)).length).toBe(7);
  });
});

describe("tensor inputs", () => {
  const encoding: InputEncoding = { kind: "tensor", shape: [2, 2], exponent: 0, range: [-3, 255] };

  it("are little-endian integers in the range", () => {
    expect([...tensorBytes([-3, 255, 0, 1])].slice(0, 8)).toEqual([253, 255, 255, 255, 255, 0, 0, 0]);
    expect([...encodeInput(encoding, tensorBytes([-3, 255, 0, 1]))]).toEqual([-3, 255, 0, 1]);
    const shifted = new Uint8Array(17);
    shifted.set(tensorBytes([1, 2, 3, 4]), 1);
    expect([...encodeInput(encoding, shifted.subarray(1))]).toEqual([1, 2, 3, 4]);
  });

  it("refuse another size and values outside", () => {
    expect(() => encodeInput(encoding, tensorBytes([1, 2, 3]))).toThrow(RangeError);
    expect(() => encodeInput(encoding, tensorBytes([1, 2, 3, 256]))).toThrow("cell 3 is 256");
    expect(() => encodeInput(encoding, tensorBytes([1, 2, -4, 0]))).toThrow(RangeError);
  });
});

it("an output index outside the labels is refused", () => {
  expect(outputLabel({ labels: ["a", "b"] }, 1)).toBe("b");
  expect(() => outputLabel({ labels: ["a", "b"] }, 2)).toThrow(RangeError);
});
