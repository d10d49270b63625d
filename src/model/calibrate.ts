/**
 * Calibration: the scales at which values of sample inputs fill their bits. Its result is written into the model's description, so that quantization never depends
 * on samples again.
 *
 * For a value whose samples lie in [-a, a], e is the largest exponent with a margin 2^e <= 2^(bits-1) - 1.
 */
import type { FloatTensor } from "../tensor/tensor.ts";
import { runFloat } from "./float.ts";
import { type FloatGraph, fuseMaps } from "./graph.ts";
import { bitsFor, type QuantizationBits } from "./quantize.ts";

export interface CalibrationOptions {
  /** The bits that the quantizer is going to use. */
  readonly bits?: QuantizationBits;
  /** The share of each value's sample cells that must fit, in percent, above 0; 100 unless told. The others saturate. */
  readonly percentile?: number;
  /** Values up to this many times the largest one that must fit still do. 1.25 unless told, 1 with a percentile below 100. */
  readonly margin?: number;
}

/** The scale exponents for a description. @param samples inputs on the graph's scale (a model's cells times 2^-exponent), at least one */
export function calibrate(
  graph: FloatGraph,
  samples: Iterable<FloatTensor>,
  options: CalibrationOptions = {},
): Readonly<Record<string, number>> {
  const calibration = new Calibration(graph);
  for (const sample of samples) calibration.add(sample);
  return calibration.exponents(options);
}

/** What samples show of a graph's values, gathered one by one. */
export class Calibration {
  readonly #graph: FloatGraph;
  /** By the value that gets an exponent. */
  readonly #values: ReadonlyMap<string, { readonly measured: string; readonly sizes: Sizes }>;

  constructor(graph: FloatGraph) {
    this.#graph = graph;
    const values = new Map<string, { measured: string; sizes: Sizes }>();
    for (const node of fuseMaps(graph).nodes) {
      if (!("map" in node) || node.output === graph.output) continue;
      const last = graph.nodes.find((n) => n.output === node.output);
      // A function's table is entered with its input; Relu's result is what counts of its own.
      const entered = last?.kind === "map" && last.map !== "relu" ? last.inputs[0] : undefined;
      values.set(node.output, { measured: entered ?? node.output, sizes: new Sizes() });
    }
    this.#values = values;
  }

  /** Takes an input on the graph's scale into account. */
  add(sample: FloatTensor): void {
    const run = runFloat(this.#graph, sample);
    for (const { measured, sizes } of this.#values.values()) for (const v of run.get(measured)?.data ?? []) sizes.add(Math.abs(v));
  }

  /** The scale exponent of every rounded sum but the logits, for `exponents` of a description. */
  exponents({ bits = {}, percentile = 100, margin = percentile < 100 ? 1 : 1.25 }: CalibrationOptions = {}): Record<string, number> {
    const nodes = fuseMaps(this.#graph).nodes;
    return Object.fromEntries(
      nodes.flatMap((node) => {
        const value = this.#values.get(node.output);
        return value ? [[node.output, exponentFor(value.sizes.bound(percentile) * margin, bitsFor(node, this.#graph.output, bits))]] : [];
      }),
    );
  }
}

/** The largest e <= 30 with size 2^e <= 2^(bits-1) - 1. */
export function exponentFor(size: number, bits: number): number {
  let exponent = 30;
  while (size * 2 ** exponent > 2 ** (bits - 1) - 1) exponent--;
  return exponent;
}

/** Bits of a single-precision number that a bin drops: 8 of its 23 fractional bits stay, so a bin is at most 0.4 % wide. */
const DROPPED = 15;

/** A histogram of numbers >= 0, by the leading bits of their single precision. */
class Sizes {
  readonly #bins = new Uint32Array(2 ** (31 - DROPPED));
  #count = 0;
  #largest = 0;

  add(size: number): void {
    FLOAT[0] = size;
    this.#bins[WORD[0]! >>> DROPPED]!++;
    this.#count++;
    if (size > this.#largest) this.#largest = size;
  }

  /** A bound that at least `percentile` % of the numbers keep, and no bin less would. */
  bound(percentile: number): number {
    const wanted = (this.#count * percentile) / 100;
    let bin = 0;
    for (let seen = this.#bins[0]!; seen < wanted; seen += this.#bins[bin]!) bin++;
    WORD[0] = ((bin + 1) << DROPPED) - 1;
    return Math.min(this.#largest, FLOAT[0]!);
  }
}

const FLOAT = new Float32Array(1);
const WORD = new Uint32Array(FLOAT.buffer);
