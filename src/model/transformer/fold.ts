/**
 * A layer's projections as the integer model has them: with the gain and bias of the norm that they read, and, where they write a stream whose mean is to be 0,
 * with the mean of their outputs subtracted. Tensors are read when a layer is asked for, and not kept.
 */
import type { FloatTensor } from "../../tensor/tensor.ts";
import type { Linear, Norm, Transformer } from "./model.ts";

/** W [outputs, inputs] and b, in doubles; `bias` is null where there is none. */
export interface Rows {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array | null;
}

export type Scaled = Omit<Rows, "bias"> & { readonly bias: Float64Array };

/** By layer, a function that makes a projection's rows; those that write the stream are centred if asked for. */
export type LayerRows = readonly ((centred: boolean) => Rows)[];

export const PARTS = ["query", "key", "value", "output", "gate", "up", "down"] as const;
export type Part = (typeof PARTS)[number];

/** All projections of a model. */
export function layerTensors({ config, layers, norms }: Transformer): Readonly<Record<Part, LayerRows>> {
  // A part reads what the site before it normalised: the gain of norms before, and of norms after, is that of the site with its number.
  const reads = (part: "query" | "key" | "value" | "gate" | "up", site: 0 | 1): LayerRows =>
    layers.map((layer, l) => () => folded(layer[part] ?? empty(config.width), norms[2 * l + site]!));
  /** The stream is added to the normalised values before a part where norms come after: their bias is that part's too. */
  const writes = (part: "output" | "down", site: 0 | 1): LayerRows =>
    layers.map((layer, l) => (isCentred) => {
      const skipped = config.normPlace === "after" ? norms[2 * l + site]!.bias : undefined;
      const rows = folded(layer[part], undefined, skipped);
      return isCentred ? centred(rows) : rows;
    });
  return {
    query: reads("query", 0),
    key: reads("key", 0),
    value: reads("value", 0),
    output: writes("output", 0),
    gate: reads("gate", 1),
    up: reads("up", 1),
    down: writes("down", 1),
  };
}

/** Row o times `row(o)`, column i times `column(i)`, the bias of row o times `row(o)`. */
export function scaledRows({ outputs, inputs, weight, bias }: Rows, row: (o: number) => number, column: (i: number) => number): Scaled {
  const columns = Float64Array.from({ length: inputs }, (_, i) => column(i));
  const out = new Float64Array(weight.length);
  for (let o = 0; o < outputs; o++) {
    const by = row(o);
    for (let i = 0, at = o * inputs; i < inputs; i++, at++) out[at] = weight[at]! * by * columns[i]!;
  }
  return { outputs, inputs, weight: out, bias: Float64Array.from({ length: outputs }, (_, o) => (bias?.[o] ?? 0) * row(o)) };
}

/** W (g y + n) + b + more as (W g) y + (W n + b + more). */
export function folded({ weight: { shape, data }, bias }: Linear, norm?: Norm, more?: FloatTensor): Rows {
  const [outputs = 0, inputs = 0] = shape;
  const weights = data;
  const gains = norm?.gain.data;
  const shifts = norm?.bias?.data;
  const [own, added] = [bias?.data, more?.data];
  const weight = new Float64Array(outputs * inputs);
  const sums = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = (own?.[o] ?? 0) + (added?.[o] ?? 0);
    for (let i = 0, at = o * inputs; i < inputs; i++, at++) {
      const w = weights[at]!;
      weight[at] = gains ? w * gains[i]! : w;
      if (shifts) sum += w * shifts[i]!;
    }
    sums[o] = sum;
  }
  return { outputs, inputs, weight, bias: own || shifts || added ? sums : null };
}

/** Rows and bias less their means over all outputs. */
function centred({ outputs, inputs, weight, bias }: Rows): Rows {
  for (let i = 0; i < inputs; i++) {
    let mean = 0;
    for (let o = 0; o < outputs; o++) mean += weight[o * inputs + i]! / outputs;
    for (let o = 0; o < outputs; o++) weight[o * inputs + i] = weight[o * inputs + i]! - mean;
  }
  if (bias === null) return { outputs, inputs, weight, bias };
  const mean = bias.reduce((sum, b) => sum + b / outputs, 0);
  return { outputs, inputs, weight, bias: bias.map((b) => b - mean) };
}

function empty(width: number): Linear {
  return { weight: { shape: [0, width], data: new Float64Array() } };
}
