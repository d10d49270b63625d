/** A quantized program in figures: its nodes, and where its scales come from. */
import { type AccuracyReport, figure } from "../model/accuracy.ts";
import type { Model } from "../model/load.ts";
import { exponentsOf } from "../model/program.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { printable, table } from "./output.ts";

/** How scales came from samples. */
export interface CalibrationNote {
  /** "100 of 60000 MNIST training images". */
  readonly samples: string;
  readonly percentile: number;
  readonly margin: number;
}

export interface QuantizedNode {
  readonly name: string;
  readonly kind: string;
  readonly cells: number;
  readonly weightExponent: number | null;
  readonly shift: number | null;
  /** Of the rounded sum, sign included. */
  readonly bits: number | null;
  /** Integers v stand for v 2^-exponent. */
  readonly exponent: number | null;
  /** Where the rounded sum's scale comes from. */
  readonly scale: "bounds" | "samples" | null;
  /** Whether the bounds leave the bits, so that a cut is part of the program. */
  readonly saturates: boolean | null;
  /** Bits that the values of the report's samples fill, at most. */
  readonly filled: number | null;
}

/** One row a node. @param calibrated the description's exponents */
export function quantizedNodes(
  { program, compiled }: Model,
  calibrated: Readonly<Record<string, number>>,
  report: AccuracyReport | null,
): QuantizedNode[] {
  const exponents = exponentsOf(program);
  const sizes = compiled.run({
    shape: program.input.shape,
    data: new Int32Array(sizeOf(program.input.shape)).fill(program.input.range[0]),
  }).values;
  return program.nodes.map((node) => {
    const rounding = "rounding" in node ? node.rounding : null;
    const layer = report?.layers.find((l) => l.name === node.output);
    const exponent = exponents.get(node.output) ?? null;
    // a table that changes the scale is entered with values that the report does not show
    const shown = rounding !== null && typeof rounding.map !== "object" && layer !== undefined && exponent !== null;
    return {
      name: node.name,
      kind: node.kind,
      cells: sizes.get(node.output)?.data.length ?? 0,
      weightExponent: "weightExponent" in node ? node.weightExponent : null,
      shift: rounding?.shift ?? null,
      bits: rounding?.bits ?? null,
      exponent,
      scale: rounding === null ? null : Object.hasOwn(calibrated, node.output) ? "samples" : "bounds",
      saturates: rounding === null ? null : rounding.high !== undefined,
      filled: shown ? bitsOf(layer.magnitude * 2 ** exponent) : null,
    };
  });
}

/** Bits of a number and its sign. */
function bitsOf(magnitude: number): number {
  let bits = 1;
  while (2 ** (bits - 1) - 1 < Math.floor(magnitude)) bits++;
  return bits;
}

/** The nodes as a table. */
export function nodesText(nodes: readonly QuantizedNode[]): string {
  const show = (value: number | string | null): string => `${value ?? ""}`;
  return table(
    ["node", "kind", "cells", "weight exponent", "shift", "bits", "filled", "exponent", "scale from"],
    nodes.map((n) => [
      printable(n.name),
      n.kind,
      `${n.cells}`,
      show(n.weightExponent),
      show(n.shift),
      show(n.bits),
      show(n.filled),
      show(n.exponent),
      n.saturates ? "samples, cut" : show(n.scale),
    ]),
  );
}

/** Where the scales come from, and what that means. @param report on the nodes' program */
export function scalesText(nodes: readonly QuantizedNode[], calibration: CalibrationNote | null, report: AccuracyReport | null): string {
  const sums = nodes.filter((n) => n.scale !== null);
  const fromSamples = sums.filter((n) => n.scale === "samples").length;
  if (fromSamples === 0) {
    const lines = ["Scales follow from bounds over every input that the model takes: no value can leave its bits, nothing saturates."];
    // the logits are never calibrated
    const spare = Math.max(0, ...sums.slice(0, -1).map((n) => (n.filled === null || n.bits === null ? 0 : n.bits - n.filled)));
    if (spare > 1)
      lines.push(
        `On samples up to ${spare} bits of a value stay unused. --calibrate would choose scales by samples, which fill them; what can leave its bits is then cut, and proving the cut makes proofs larger.`,
      );
    return lines.join("\n");
  }
  const cut = sums.filter((n) => n.saturates);
  const rest = fromSamples < sums.length ? "; the others follow from bounds and cannot saturate" : "";
  const lines = [
    `Scales of ${fromSamples} of ${sums.length} sums are calibrated, ${calibration ? chosenOn(calibration) : "as model.json has them"}${rest}.`,
    cut.length === 0
      ? "Bounds show that no calibrated value can leave its bits: nothing saturates."
      : `${cut.length} of them can leave their bits on some input. What leaves them is cut to their ends; the cut is part of the program and proven.`,
  ];
  if (report !== null && cut.length > 0)
    lines.push(
      `On the samples below ${report.saturations} of ${cut.reduce((n, { cells }) => n + cells, 0) * report.samples} such cells were cut.`,
    );
  return lines.join("\n");
}

function chosenOn({ samples, percentile, margin }: CalibrationNote): string {
  const size = percentile === 100 ? "the largest value" : `the ${figure(percentile)} % smallest values`;
  return `chosen on ${samples} so that ${size}${margin === 1 ? "" : ` times ${figure(margin)}`} fit${percentile === 100 ? "s" : ""}`;
}
