/** What a recipe's file must hold, one thing after the other. */
import { describe, expect, test } from "vitest";
import { ModelError } from "../../errors.ts";
import { ARCHITECTURES, SMALL, smallDecoder } from "../../testing/decoder.ts";
import { calibrated } from "./load.ts";
import type { TransformerConfig } from "./model.ts";
import { parseRecipe, type Recipe } from "./recipe.ts";

const TOKENS = [1, 8, 15, 22, 6, 13];
const recipe = calibrated("small", smallDecoder(), [TOKENS]);
const { config: NORMED } = ARCHITECTURES.qwen3!;
const normed = calibrated("normed", smallDecoder(NORMED), [TOKENS]);

/** A recipe's text, with other fields, and with other scales. */
const text = (fields: object = {}, scales: object = {}, of: Recipe = recipe) =>
  JSON.stringify({ ...of, scales: { ...of.scales, ...scales }, ...fields });
const gone = undefined;

describe("parseRecipe()", () => {
  test("gives back what was written", () => {
    expect(parseRecipe(text(), SMALL)).toEqual(recipe);
    expect(parseRecipe(text({}, {}, normed), NORMED)).toEqual(normed);
    expect(parseRecipe(text({ calibration: gone }), SMALL).scales).toEqual(recipe.scales);
  });

  test.each([
    ["no text", "", "The recipe is no JSON object"],
    ["cut off", text().slice(0, 100), "The recipe is no JSON object"],
    ["null", "null", "The recipe is no JSON object"],
    ["a list", "[]", "The recipe is no JSON object"],
    ["a number", "7", "The recipe is no JSON object"],
    ["no format", text({ format: gone }), 'The recipe\'s format is not named, circlet knows "circlet transformer 1"'],
    ["another format", text({ format: "circlet transformer 2" }), 'The recipe\'s format is "circlet transformer 2", circlet knows'],
    ["no name", text({ name: gone }), "The recipe has no name of its model"],
    ["an empty name", text({ name: "" }), "The recipe has no name of its model"],
    ["a name that is none", text({ name: 1 }), "The recipe has no name of its model"],
    ["no scales", text({ scales: gone }), "The recipe has no scales"],
    ["scales that are null", text({ scales: null }), "The recipe has no scales"],
    ["scales that are text", text({ scales: "x" }), "The recipe has no scales"],
  ])("refuses %s", (_, file, message) => {
    expect(() => parseRecipe(file, SMALL)).toThrow(ModelError);
    expect(() => parseRecipe(file, SMALL)).toThrow(message);
  });

  const numbers = Object.entries(recipe.scales).flatMap(([name, value]) => (typeof value === "number" ? [name] : []));
  test.each(numbers)("refuses another %s than an integer", (name) => {
    for (const value of [gone, null, "8", 0.5, 2 ** 30, -(2 ** 30), true])
      expect(() => parseRecipe(text({}, { [name]: value }), SMALL), `${value}`).toThrow(`The recipe's ${name} is no integer from`);
  });

  const shapes: readonly (readonly [string, Recipe, TransformerConfig, unknown[]])[] = [
    [
      "residualExponents",
      recipe,
      SMALL,
      [gone, 8, [], recipe.scales.residualExponents.slice(1), recipe.scales.residualExponents.map(String)],
    ],
    ["channelShifts", recipe, SMALL, [gone, [], [...recipe.scales.channelShifts, 0], recipe.scales.channelShifts.map((k) => k - 99)]],
    ["valueExponents", recipe, SMALL, [[], recipe.scales.valueExponents.map((v) => v.slice(1)), recipe.scales.valueExponents.slice(1)]],
    ["upExponents", recipe, SMALL, [{}, recipe.scales.upExponents.map((v) => v.map((e) => e + 0.5)), [[], [], []]]],
    ["queryMagnitudes", normed, NORMED, [[], normed.scales.queryMagnitudes.map((v) => v.map(() => 0)), [[1, 1, 1, null], [], []]]],
    ["keyMagnitudes", normed, NORMED, [[], normed.scales.keyMagnitudes.map((v) => v.map((m) => -m)), [["1"], ["1"], ["1"]]]],
    ["queryMagnitudes", recipe, SMALL, [normed.scales.queryMagnitudes]],
  ];
  test.each(shapes)("refuses %s of another shape or kind", (name, of, config, values) => {
    for (const value of values)
      expect(() => parseRecipe(text({}, { [name]: value }, of), config), JSON.stringify(value)).toThrow(
        value === gone ? `The recipe has no ${name}` : `The recipe's ${name} do not fit this model`,
      );
  });

  test("refuses exponents of the residual stream that grow", () => {
    const residualExponents = recipe.scales.residualExponents.with(-1, recipe.scales.residualExponents[0]! + 1);
    expect(() => parseRecipe(text({}, { residualExponents }), SMALL)).toThrow("The recipe's residualExponents grow");
  });

  test("refuses a recipe of another model", () => {
    expect(() => parseRecipe(text(), { ...SMALL, width: 24 })).toThrow("The recipe's channelShifts do not fit this model");
    expect(() => parseRecipe(text(), { ...SMALL, layers: 2 })).toThrow("The recipe's residualExponents do not fit this model");
    expect(() => parseRecipe(text(), { ...SMALL, gated: false })).toThrow("The recipe's upExponents do not fit this model");
    expect(() => parseRecipe(text(), { ...SMALL, queryKeyNorm: true })).toThrow("The recipe's queryMagnitudes do not fit this model");
  });
});
