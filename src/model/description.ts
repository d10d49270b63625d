/** What stands beside a model's ONNX file, as model.json: the parts of a statement that ONNX cannot say, and how to quantize. */
import { ModelError } from "../errors.ts";
import type { InputEncoding } from "../statement/encoding.ts";
import type { QuantizationBits } from "./quantize.ts";

export interface ModelDescription {
  readonly name: string;
  /** How raw inputs become cells. */
  readonly input: Extract<InputEncoding, { kind: "ngrams" }> | TensorDescription;
  /** One a class; "0", "1", ... if left out. */
  readonly labels?: readonly string[];
  /** Bits for the quantizer, where its defaults are not the best trade of accuracy for proof size. */
  readonly quantization?: QuantizationBits;
}

/** A tensor input; its shape is the graph's. */
export interface TensorDescription {
  readonly kind: "tensor";
  readonly exponent: number;
  readonly range: readonly [number, number];
  /** The network sees v 2^-exponent / divisor for a cell v; 1 unless given. */
  readonly divisor?: number;
}

/** Field of `quantization` -> smallest and largest value. */
const BITS = { tableBits: [2, 20], activationBits: [2, 24], logitBits: [2, 26], weightBits: [4, 24] } as const;

/** Reads model.json. @throws ModelError if it is no description */
export function parseDescription(text: string): ModelDescription {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`model.json is not JSON: ${(cause as Error).message}`);
  }
  const { name, input, labels, quantization } = (value ?? {}) as { [K in keyof ModelDescription]?: unknown };
  if (typeof name !== "string") throw new ModelError("model.json has no name");
  if (labels !== undefined && !isTexts(labels)) throw new ModelError("model.json: labels is not a list of texts");
  const { kind, exponent, range, groups, divisor } = (input ?? {}) as Record<string, unknown>;
  if (!isInteger(exponent)) throw new ModelError("model.json: input.exponent is not an integer");
  for (const [key, bits] of Object.entries(quantization ?? {})) {
    if (key === "exponents") {
      if (Object.values(bits ?? {}).some((e) => !isInteger(e)))
        throw new ModelError("model.json: quantization.exponents are not integers by value name");
      continue;
    }
    const [low, high] = Object.hasOwn(BITS, key) ? BITS[key as keyof typeof BITS] : [0, -1];
    if (!(isInteger(bits) && bits >= low && bits <= high))
      throw new ModelError(`model.json: quantization.${key} is ${bits}, circlet knows ${JSON.stringify(BITS)}`);
  }
  const common = {
    name,
    ...(labels !== undefined && { labels }),
    ...(quantization !== undefined && { quantization: quantization as QuantizationBits }),
  };
  if (kind === "ngrams") {
    const fits = (g: unknown) => isTexts(g) && g.length > 0 && g[0] !== "" && g.every((n) => n.length === g[0]?.length);
    if (!Array.isArray(groups) || !groups.every(fits))
      throw new ModelError("model.json: input.groups is not a list of lists of n-grams of one length");
    if (exponent < 0 || exponent > 24) throw new ModelError(`model.json: input.exponent is ${exponent}, allowed for n-grams is 0 to 24`);
    return { ...common, input: { kind, groups, exponent } };
  }
  if (kind !== "tensor") throw new ModelError(`model.json: input.kind is ${JSON.stringify(kind)}, known are "tensor" and "ngrams"`);
  if (!Array.isArray(range) || range.length !== 2 || !range.every((v) => isInteger(v) && Math.abs(v) < 2 ** 30) || range[0] > range[1])
    throw new ModelError("model.json: input.range is not [smallest, largest], integers below 2^30");
  if (divisor !== undefined && !(isInteger(divisor) && divisor > 0))
    throw new ModelError("model.json: input.divisor is not a positive integer");
  return { ...common, input: { kind, exponent, range: [range[0], range[1]], ...(divisor !== undefined && { divisor }) } };
}

function isInteger(v: unknown): v is number {
  return Number.isInteger(v);
}

function isTexts(v: unknown): v is string[] {
  return Array.isArray(v) && v.every((t) => typeof t === "string");
}
