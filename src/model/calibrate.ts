/**
 * Calibration: the scales at which values of sample inputs fill their bits. Its result is written into the model's description, so that quantization never depends
 * on samples again.
 */
import type { FloatTensor } from "../tensor/tensor.ts";
import { runFloat } from "./float.ts";
import { type FloatGraph, fuseMaps } from "./graph.ts";

export interface CalibrationOptions {
  /** Bits of a rounded sum, sign included: what the quantizer is going to use. */
  readonly bits: number;
  /** Values up to this many times the largest sample value still fit. 1.25 unless told. */
  readonly margin?: number;
}

/**
 * The scale exponent of every rounded sum but the logits, for `exponents` of a description.
 * @param samples inputs on the graph's scale (a model's cells times 2^-exponent), at least one
 */
export function calibrate(
  graph: FloatGraph,
  samples: Iterable<FloatTensor>,
  { bits, margin = 1.25 }: CalibrationOptions,
): Record<string, number> {
  const measured = new Map<string, string>();
  for (const node of fuseMaps(graph).nodes) {
    if (!("map" in node) || node.output === graph.output) continue;
    const last = graph.nodes.find((n) => n.output === node.output);
    // A function's table is entered with its input; Relu's result is what counts of its own.
    const entered = last?.kind === "map" && last.map !== "relu" ? last.inputs[0] : undefined;
    measured.set(node.output, entered ?? node.output);
  }
  const largest = new Map<string, number>();
  for (const sample of samples) {
    const values = runFloat(graph, sample);
    for (const [output, name] of measured)
      for (const v of values.get(name)?.data ?? []) largest.set(output, Math.max(largest.get(output) ?? 0, Math.abs(v)));
  }
  return Object.fromEntries([...largest].map(([output, size]) => [output, exponentFor(size * margin, bits)]));
}

/** The largest e <= 30 with size 2^e <= 2^(bits-1) - 1. */
export function exponentFor(size: number, bits: number): number {
  let exponent = 30;
  while (size * 2 ** exponent > 2 ** (bits - 1) - 1) exponent--;
  return exponent;
}
