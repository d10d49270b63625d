/**
 * The accuracy report: how an integer program differs from its float network on samples. A model without one is not finished.
 */
import type { IntTensor } from "../tensor/tensor.ts";
import type { Model } from "./build.ts";
import { argMax, runFloat } from "./float.ts";
import { exponentsOf } from "./program.ts";

/** An input, with the class it belongs to if that is known. */
export interface Sample {
  readonly input: IntTensor;
  readonly label?: number;
}

export interface LayerError {
  /** Name of the layer's value. */
  readonly name: string;
  /** The largest and the mean absolute difference from the float value, over all cells and samples. */
  readonly largest: number;
  readonly mean: number;
  /** The largest absolute float value, to compare with. */
  readonly magnitude: number;
}

export interface AccuracyReport {
  readonly model: string;
  /** The model id, where a key has been made. */
  readonly id: string | null;
  readonly samples: number;
  /** Samples for which both networks name the same class. */
  readonly agreeing: number;
  readonly labelled: number;
  /** Labelled samples that each network names right. */
  readonly floatRight: number;
  readonly integerRight: number;
  readonly layers: readonly LayerError[];
  /** Cells that were cut to their range, over all samples; 0 for a model without calibrated scales, whose bounds rule them out. */
  readonly saturations: number;
}

/** Runs both networks on every sample. @throws ModelError for an input that the model does not accept */
export function measureAccuracy(model: Model, samples: Iterable<Sample>, id: string | null = null): AccuracyReport {
  const exponents = exponentsOf(model.program);
  const names = model.program.nodes
    .filter((n) => n.kind !== "argmax" && n.kind !== "reshape" && n.kind !== "transpose")
    .map((n) => n.output);
  const sums = names.map((name) => ({ name, largest: 0, total: 0, cells: 0, magnitude: 0 }));
  let [count, agreeing, labelled, floatRight, integerRight, saturations] = [0, 0, 0, 0, 0, 0];
  for (const { input, label } of samples) {
    const scale = 2 ** -model.input.exponent;
    const float = runFloat(model.graph, { shape: input.shape, data: Float64Array.from(input.data, (v) => v * scale) });
    const integer = model.compiled.run(input);
    const expected = argMax(float.get(model.graph.output)?.data ?? []);
    count++;
    saturations += integer.saturations;
    if (expected === integer.classIndex) agreeing++;
    if (label !== undefined) {
      labelled++;
      if (expected === label) floatRight++;
      if (integer.classIndex === label) integerRight++;
    }
    for (const sum of sums) {
      const real = float.get(sum.name)?.data ?? new Float64Array();
      const scaled = integer.values.get(sum.name)?.data ?? new Int32Array();
      const unit = 2 ** -(exponents.get(sum.name) ?? 0);
      for (let i = 0; i < real.length; i++) {
        const difference = Math.abs(scaled[i]! * unit - real[i]!);
        sum.total += difference;
        sum.largest = Math.max(sum.largest, difference);
        sum.magnitude = Math.max(sum.magnitude, Math.abs(real[i]!));
      }
      sum.cells += real.length;
    }
  }
  const layers = sums.map(({ name, largest, total, cells, magnitude }) => ({ name, largest, mean: total / Math.max(1, cells), magnitude }));
  return { model: model.name, id, samples: count, agreeing, labelled, floatRight, integerRight, layers, saturations };
}

/** The report as text, one fact a line. */
export function formatAccuracy(report: AccuracyReport): string {
  const share = (part: number, whole: number) => `${part} of ${whole} (${((100 * part) / Math.max(1, whole)).toFixed(2)} %)`;
  const number = (v: number) => v.toPrecision(3);
  return [
    `${report.model}${report.id === null ? "" : `, model id ${report.id}`}`,
    `arg max agrees with the float network: ${share(report.agreeing, report.samples)}`,
    ...(report.labelled > 0
      ? [
          `right classes, float: ${share(report.floatRight, report.labelled)}`,
          `right classes, integers: ${share(report.integerRight, report.labelled)}`,
        ]
      : []),
    ...report.layers.map(
      (l) => `layer ${l.name}: largest error ${number(l.largest)}, mean ${number(l.mean)}, values up to ${number(l.magnitude)}`,
    ),
    `saturations: ${report.saturations}`,
  ].join("\n");
}
