import { describe, expect, test } from "vitest";
import { publicCells } from "./columns.ts";
import { type EmbeddingEncoding, embeddingBytes, meanOf, readEmbedding } from "./embedding.ts";

const ENCODING: EmbeddingEncoding = {
  kind: "embedding",
  vocabulary: 300,
  positions: 6,
  width: 3,
  limit: 1000,
  exponent: 4,
  presentColumn: 2,
};
const FORM = { input: ENCODING, inputColumn: 0, output: { labels: [] }, outputColumn: 1 };

describe("readEmbedding()", () => {
  test.each([[[7]], [[299, 0, 5]], [[1, 2, 3, 4, 5, 6]]])("is the inverse of embeddingBytes() for the tokens %j", (tokens) => {
    const statement = { tokens, cells: Int32Array.of(-1000, 0, 1000) };
    expect(readEmbedding(ENCODING, embeddingBytes(statement), tokens.length)).toEqual(statement);
  });

  const bytes = (tokens: readonly number[], cells: readonly number[]) => embeddingBytes({ tokens, cells: Int32Array.from(cells) });

  test.each<[string, Uint8Array, number]>([
    ["no token", bytes([], [1, 2, 3]), 0],
    ["more tokens than positions", bytes([1, 2, 3, 4, 5, 6, 7], [1, 2, 3]), 7],
    ["a fraction of tokens", bytes([1, 2], [1, 2, 3]), 1.5],
    ["fewer cells than tokens leave", bytes([1, 2], [1, 2, 3]), 3],
    ["more cells than the width", bytes([1, 2], [1, 2, 3]), 1],
    ["a cell too few", bytes([1], [1, 2]), 1],
    ["a byte more", Uint8Array.of(...bytes([1], [1, 2, 3]), 0), 1],
    ["a token past the vocabulary", bytes([300], [1, 2, 3]), 1],
    ["a negative token", bytes([-1], [1, 2, 3]), 1],
    ["a cell above the limit", bytes([1], [1, 1001, 3]), 1],
    ["a cell below it", bytes([1], [1, 2, -1001]), 1],
    ["the smallest integer", bytes([1], [-(2 ** 31), 2, 3]), 1],
  ])("refuses %s", (_, raw, count) => {
    expect(() => readEmbedding(ENCODING, raw, count)).toThrow(RangeError);
    expect(() => publicCells(FORM, raw, count)).toThrow(RangeError);
  });

  test("one raw input is the statement of one number of tokens", () => {
    const raw = bytes([1, 2], [1, 2, 3]);
    const fitting = Array.from({ length: 9 }, (_, n) => n).filter((n) => {
      try {
        return readEmbedding(ENCODING, raw, n) !== null;
      } catch {
        return false;
      }
    });
    expect(fitting).toEqual([2]);
  });
});

describe("the public columns of an embedding", () => {
  test.each([
    [[7], [7, 7, 7, 7, 7, 7], [1, 0, 0, 0, 0, 0]],
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4, 1, 2],
      [1, 1, 1, 1, 0, 0],
    ],
    [
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
      [1, 1, 1, 1, 1, 1],
    ],
  ])("mark the tokens of %j, and read them again past their end", (tokens, read, present) => {
    const cells = Int32Array.of(5, -6, 7);
    expect(publicCells(FORM, embeddingBytes({ tokens, cells }), tokens.length)).toEqual(
      new Map([
        [0, Int32Array.from(read)],
        [1, cells],
        [2, Int32Array.from(present)],
      ]),
    );
  });
});

test("meanOf() divides by the tokens and the scale", () => {
  expect(meanOf(ENCODING, { tokens: [1, 2], cells: Int32Array.of(32, -16, 1) })).toEqual(Float64Array.of(1, -0.5, 1 / 32));
});
