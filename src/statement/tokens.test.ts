import { describe, expect, test } from "vitest";
import { readTokens, tokenBytes, tokenColumns } from "./tokens.ts";

const ENCODING = { kind: "tokens", vocabulary: 300, positions: 6 } as const;

describe("readTokens()", () => {
  test("is the inverse of tokenBytes()", () => {
    const statement = { prompt: [1, 299, 0], generated: [256, 7] };
    expect(readTokens(ENCODING, tokenBytes(statement), 2)).toEqual(statement);
  });

  test.each([
    ["one token", [1], [], 0],
    ["nothing generated", [1, 2], [3], 0],
    ["everything generated", [1, 2], [3], 3],
    ["a fraction generated", [1, 2], [3], 1.5],
    ["a token past the vocabulary", [1, 300], [3], 1],
    ["more tokens than fit", [1, 2, 3, 4], [5, 6, 7, 8], 4],
  ])("refuses %s", (_, prompt, generated, count) => {
    expect(() => readTokens(ENCODING, tokenBytes({ prompt, generated }), count)).toThrow(RangeError);
  });

  test("refuses bytes that are no tokens", () => {
    expect(() => readTokens(ENCODING, new Uint8Array(9), 1)).toThrow(RangeError);
  });
});

describe("tokenColumns()", () => {
  test("claims what follows the prompt, reads the text again past its end", () => {
    expect(tokenColumns(ENCODING, { prompt: [5, 6, 7], generated: [8, 9] })).toEqual({
      tokens: Int32Array.of(5, 6, 7, 8, 5, 6),
      next: Int32Array.of(300, 300, 8, 9, 300, 300),
    });
  });

  test("fills all positions with one token more than there are", () => {
    expect(tokenColumns(ENCODING, { prompt: [1], generated: [2, 3, 4, 5, 6, 7] })).toEqual({
      tokens: Int32Array.of(1, 2, 3, 4, 5, 6),
      next: Int32Array.of(2, 3, 4, 5, 6, 7),
    });
  });

  test("reads two tokens", () => {
    expect(tokenColumns(ENCODING, { prompt: [3], generated: [4] })).toEqual({
      tokens: Int32Array.of(3, 3, 3, 3, 3, 3),
      next: Int32Array.of(4, 300, 300, 300, 300, 300),
    });
  });
});
