/** The choice of bits: deterministic, and never worse than what it begins with. */
import { describe, expect, test } from "vitest";
import { ARCHITECTURES, SMALL, smallDecoder } from "../../testing/decoder.ts";
import { parseRecipe, recipeOf } from "./recipe.ts";
import { searchScales } from "./search.ts";

const TEXTS = [Array.from({ length: 20 }, (_, i) => (7 * i + 1) % 23), [3, 1, 4, 1, 5]];

describe.each([
  ["a decoder", SMALL, false],
  ["an encoder", ARCHITECTURES.bert!.config, true],
] as const)("searchScales() for %s", (_, config, biases) => {
  const model = smallDecoder(config, biases);
  const search = async () => {
    const seen: (readonly [number, number])[] = [];
    const found = await searchScales(model, "small", TEXTS, async (tried, error) => void seen.push([tried, error]));
    return { found, seen };
  };

  test("tells of every choice, is never worse than the first one, and finds the same again", async () => {
    const { found, seen } = await search();
    expect(seen.map(([tried]) => tried)).toEqual(Array.from({ length: found.tried }, (_, i) => i + 1));
    const errors = seen.map(([, error]) => error);
    expect(errors.slice(1).every((error, i) => error <= errors[i]!)).toBe(true);
    expect(found.error).toBe(errors.at(-1));
    expect(found.error).toBeLessThan(0.01);
    expect(await search()).toEqual({ found, seen });
  });

  test("finds scales that are a recipe", async () => {
    const { found } = await search();
    expect(parseRecipe(JSON.stringify(recipeOf("small", found.scales, { texts: 2, tokens: 25 })), config).scales).toEqual(found.scales);
  });

  test("stops where it is told to", async () => {
    const told: number[] = [];
    const stopping = searchScales(model, "small", TEXTS, async (tried) => {
      told.push(tried);
      if (tried === 3) throw new Error("enough");
    });
    await expect(stopping).rejects.toThrow("enough");
    expect(told).toEqual([1, 2, 3]);
  });
});
