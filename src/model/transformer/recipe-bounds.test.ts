/** A recipe cannot weaken a proof, as every number of it is in the model id: but one that no model can have is refused, at once and as what it is. */
import { describe, expect, test } from "vitest";
import { ModelError } from "../../errors.ts";
import { floatTensor } from "../../tensor/tensor.ts";
import { ARCHITECTURES, FEW_BITS, SMALL, smallDecoder } from "../../testing/decoder.ts";
import { bitsFor, calibrate } from "./calibrate.ts";
import type { Transformer, TransformerConfig } from "./model.ts";
import { quantizeTransformer } from "./quantize.ts";
import { parseRecipe, recipeOf } from "./recipe.ts";

const TOKENS = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % SMALL.vocabulary);
const modelOf = (name: string): Transformer => {
  const { config, biases } = ARCHITECTURES[name] ?? { config: SMALL, biases: false };
  return smallDecoder(config, biases);
};
type Scales = Readonly<Record<string, unknown>>;
const scalesOf = (model: Transformer, bits = FEW_BITS): Scales => ({ ...calibrate(model, [TOKENS], bits) });
const parsed = (scales: Scales, config: TransformerConfig) =>
  parseRecipe(JSON.stringify(recipeOf("model", scales as never, { texts: 1, tokens: 40 })), config);
/** A list, or a list of lists, whose first number is another. */
const withFirst = (of: unknown, value: unknown): unknown => {
  const [first, ...rest] = of as readonly unknown[];
  return Array.isArray(first) ? [withFirst(first, value), ...rest] : [value, ...rest];
};

describe.each(["llama", "qwen2", "qwen3", "gpt2", "bert"])("a recipe of %s", (name) => {
  const model = modelOf(name);
  const scales = scalesOf(model);

  test("is read as it was written, of few bits and of as many as are usual", () => {
    for (const bits of [FEW_BITS, bitsFor(SMALL)]) {
      const own = scalesOf(model, bits);
      expect(parsed(own, model.config).scales).toEqual(own);
    }
  });

  test.each(Object.keys(scales))("is refused with another kind or size of %s", (field) => {
    const isList = Array.isArray(scales[field]);
    if (isList && (scales[field] as unknown[]).length === 0) {
      expect(() => parsed({ ...scales, [field]: [1] }, model.config)).toThrow(ModelError);
      return;
    }
    const values: unknown[] = [
      2 ** 29 + 1,
      1e6,
      -1e6,
      2 ** 31,
      1e300,
      -0.5,
      1.5,
      "1",
      null,
      true,
      [],
      {},
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ];
    // magnitudes are no integers, and limits may be large
    const fitting = field.endsWith("Magnitudes") ? [1e6, 2 ** 29 + 1, 1.5] : field.endsWith("Limit") ? [1e6] : [];
    const refused = values.filter((v) => !fitting.includes(v as number));
    for (const value of refused)
      expect(() => parsed({ ...scales, [field]: isList ? withFirst(scales[field], value) : value }, model.config), `${value}`).toThrow(
        ModelError,
      );
    expect(() => parsed({ ...scales, [field]: undefined }, model.config)).toThrow(ModelError);
  });
});

describe("a recipe is refused", () => {
  const { config } = modelOf("llama");
  const scales = scalesOf(modelOf("llama"));

  test.each<[string, Scales]>([
    ["whose exp table would be too long", { expExponent: 31 }],
    ["whose score table would be too long", { scoreShift: 31 }],
    ["whose gate table would be too long", { gateBits: 31 }],
    ["whose highest gate is none of its bits", { gateHigh: 128 }],
    ["whose values have no two equal limbs", { valueBits: 11 }],
    ["whose squares have no limb", { mixedSquareBits: 10 }],
    ["whose squares pass a word", { feedSquareBits: 41 }],
    ["whose outliers leave no room to sums of squares", { channelShifts: withFirst(scales.channelShifts, 14) }],
    ["whose stream becomes finer", { residualExponents: [9, 8, 8, 8, 8, 8, 9] }],
    ["whose state has no high limb", { residualBits: 10 }],
    ["whose reciprocal roots are shorter than a limb", { rootShift: 10 }],
  ])("%s", (_, changed) => {
    expect(() => parsed({ ...scales, ...changed }, config)).toThrow(ModelError);
  });

  test("whose outliers are those of a stream that is added again as it was normalised", () => {
    const bert = modelOf("bert");
    const own = scalesOf(bert);
    expect(() => parsed({ ...own, channelShifts: withFirst(own.channelShifts, 1) }, bert.config)).toThrow("channelShifts are not 0");
  });
});

describe("a quantized model has no integer that a word would cut", () => {
  const quantized = (name: string, changed: Scales, of = modelOf(name)) =>
    quantizeTransformer(of, { ...scalesOf(modelOf(name)), ...changed } as never, name);
  const far = (of: unknown): unknown => (Array.isArray(of) ? of.map(far) : 64);

  test.each(["value", "up"])("of %s matrices", (name) => {
    const exponents = scalesOf(modelOf("llama"))[`${name}Exponents`];
    expect(() => quantized("llama", { [`${name}Exponents`]: far(exponents) })).toThrow(ModelError);
  });

  test("of epsilons and embeddings, of gains of heads, of final values, of activations", () => {
    const exponents = new Array<number>(2 * SMALL.layers + 1);
    expect(() => quantized("llama", { residualExponents: exponents.fill(40) })).toThrow(ModelError);
    const { config, ...rest } = modelOf("llama");
    const zero = floatTensor(rest.embedding.shape, new Float64Array(rest.embedding.data.length));
    const small = { ...rest, config: { ...config, epsilon: 1 }, embedding: zero };
    expect(() => quantized("llama", { residualExponents: exponents.fill(16) }, small)).toThrow(/epsilon.*too large/);
    expect(() => quantized("qwen3", { expExponent: 14, scoreShift: 70 })).toThrow(/Gain.*too large/);
    expect(() => quantized("bert", { finalExponent: 32 })).toThrow(/final (gain|bias).*too large/);
  });

  test("calibration chooses no steps for which epsilon is none", () => {
    const { config, ...rest } = modelOf("llama");
    const model = { ...rest, config: { ...config, epsilon: 0.01, width: SMALL.width } };
    const usual = calibrate(modelOf("llama"), [TOKENS], { ...bitsFor(SMALL), residual: 22 });
    const capped = calibrate(model, [TOKENS], { ...bitsFor(SMALL), residual: 22 });
    expect(Math.max(...usual.residualExponents)).toBeGreaterThan(16);
    expect(Math.max(...capped.residualExponents)).toBe(16); // 0.01 * 16 * 4^17 is more than 2^31
    expect(Math.max(...quantizeTransformer(model, capped, "model").epsilons)).toBe(Math.round(0.16 * 4 ** 16));
  });

  test("of biases, or a number that is none", () => {
    const { layers, ...rest } = modelOf("qwen2");
    const withBias = (v: number): Transformer => ({
      ...rest,
      layers: layers.map((layer) => ({
        ...layer,
        gate: { ...layer.gate, bias: floatTensor([SMALL.hidden], new Float64Array(SMALL.hidden).fill(v)) },
      })),
    });
    // 2^32 and a little more: a word would hold the little
    for (const v of [2 ** 28 + 2 ** -4, -(2 ** 40), Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => quantized("qwen2", {}, withBias(v))).toThrow(ModelError);
  });
});
