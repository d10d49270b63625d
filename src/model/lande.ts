/**
 * The language identification network of the npm package lande as an ONNX model: Gemm(620, 120), Relu, Gemm(120, 50). lande codes a row of weights as
 * "1<scale>|<base64>", weight = (byte - 127) / scale in float32.
 */
import { ModelError } from "../errors.ts";
import type { ModelDescription } from "./description.ts";
import { floatTensor, floatValue, node, writeModel } from "./onnx/write.ts";

/** What lande's modules export. */
export interface LandeModules {
  readonly options: {
    readonly layers: readonly {
      readonly type: string;
      readonly filters?: number;
      readonly _biases?: string;
      readonly _filters?: readonly string[];
    }[];
  };
  /** Lists by length, 1 to 4, each sorted as the network's inputs are. */
  readonly ngrams: Readonly<Record<"unigrams" | "bigrams" | "trigrams" | "quadgrams", readonly string[]>>;
  /** ISO 639-3 codes. */
  readonly languages: readonly string[];
}

/** Scale of the features: frequencies times 2^12. */
const FEATURE_EXPONENT = 12;

/** The ONNX file's bytes and the description that goes beside it. @throws ModelError if lande's layers are not the expected ones */
export function convertLande({ options, ngrams, languages }: LandeModules): {
  readonly onnx: Uint8Array;
  readonly description: ModelDescription;
} {
  const kinds = options.layers.map((layer) => layer.type).join(" ");
  if (kinds !== "input dense relu dense softmax")
    throw new ModelError(`lande has the layers ${kinds}, expected are input dense relu dense softmax`);
  const groups = [ngrams.unigrams, ngrams.bigrams, ngrams.trigrams, ngrams.quadgrams];
  const inputs = groups.reduce((n, group) => n + group.length, 0);
  const [, first, , second] = options.layers.map((layer) => ({
    rows: (layer._filters ?? []).map(decodeRow),
    bias: layer._biases === undefined ? [] : decodeRow(layer._biases),
  }));
  if (!first || !second) throw new ModelError("lande has no dense layers");
  const hidden = first.rows.length;
  const onnx = writeModel(
    {
      name: "lande",
      input: [floatValue("features", [1, inputs])],
      output: [floatValue("logits", [1, languages.length])],
      node: [
        node("Gemm", "hidden", ["features", "hidden.weight", "hidden.bias"], { transB: 1 }),
        node("Relu", "activated", ["hidden"]),
        node("Gemm", "logits", ["activated", "logits.weight", "logits.bias"], { transB: 1 }),
      ],
      initializer: [
        floatTensor("hidden.weight", [hidden, inputs], first.rows.flat()),
        floatTensor("hidden.bias", [hidden], first.bias),
        floatTensor("logits.weight", [languages.length, hidden], second.rows.flat()),
        floatTensor("logits.bias", [languages.length], second.bias),
      ],
    },
    13,
    "circlet",
  );
  return {
    onnx,
    description: {
      name: "lande",
      input: { kind: "ngrams", groups, exponent: FEATURE_EXPONENT },
      labels: languages,
      quantization: { tableBits: 12 },
    },
  };
}

/** One coded row, as float32 values. */
export function decodeRow(coded: string): number[] {
  const match = /^1([0-9.]+)\|(.*)$/.exec(coded);
  if (!match) throw new ModelError("lande's weights are not in its 8-bit code");
  return Array.from(atob(match[2] ?? ""), (c) => Math.fround((c.charCodeAt(0) - 127) / Number(match[1])));
}
