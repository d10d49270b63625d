/**
 * The accuracy report: how an integer program differs from its float network on samples. A model without one is not finished.
 *
 * A layer's error is |v 2^-e - x| for its integer v at scale exponent e and the float value x of the same cell.
 */
import { outputLabel } from "../statement/encoding.ts";
import type { IntTensor } from "../tensor/tensor.ts";
import type { Model } from "./build.ts";
import { argMax, runFloat } from "./float.ts";
import { exponentsOf } from "./program.ts";

/** An input, with the class it belongs to if that is known. */
export interface Sample {
  readonly input: IntTensor;
  readonly label?: number;
  /** What to call it in the list of differences. */
  readonly name?: string;
}

export interface LayerError {
  /** Name of the layer's value. */
  readonly name: string;
  /** What makes it: the operator's kind, as in the integer program. */
  readonly kind: string;
  /** Cells a sample. */
  readonly cells: number;
  /** The largest and the mean absolute difference from the float value, over all cells and samples. */
  readonly largest: number;
  readonly mean: number;
  /** The largest absolute float value, to compare with. */
  readonly magnitude: number;
  /** Cells that were cut to their range, over all samples. */
  readonly saturations: number;
}

/** A class that samples belong to. */
export interface ClassAccuracy {
  readonly label: string;
  readonly samples: number;
  readonly floatRight: number;
  readonly integerRight: number;
}

/** A sample for which the two networks name different classes. */
export interface Difference {
  readonly sample: string;
  readonly float: string;
  readonly integer: string;
  /** The class it belongs to, null if unknown. */
  readonly label: string | null;
}

/** What was measured. */
export interface AccuracySubject {
  /** The model id, where a key has been made. */
  readonly id: string | null;
  /** The samples' name, and how many there were to choose from. */
  readonly source: { readonly name: string; readonly count: number } | null;
}

export interface AccuracyReport extends AccuracySubject {
  readonly model: string;
  readonly samples: number;
  /** Samples for which both networks name the same class. */
  readonly agreeing: number;
  readonly labelled: number;
  /** Labelled samples that each network names right. */
  readonly floatRight: number;
  readonly integerRight: number;
  /** Those that both name right. */
  readonly bothRight: number;
  readonly layers: readonly LayerError[];
  /** Cells that were cut to their range, over all samples; 0 for a model without calibrated scales, whose bounds rule them out. */
  readonly saturations: number;
  /** The classes of labelled samples, in the model's order. */
  readonly classes: readonly ClassAccuracy[];
  /** The first differences, at most MAX_DIFFERENCES. */
  readonly differences: readonly Difference[];
}

/** No report lists more differences. */
export const MAX_DIFFERENCES = 100;

/** Runs both networks on every sample. @throws ModelError for an input that the model does not accept */
export function measureAccuracy(model: Model, samples: Iterable<Sample>, subject?: AccuracySubject): AccuracyReport {
  const meter = new AccuracyMeter(model);
  for (const sample of samples) meter.add(sample);
  return meter.report(subject);
}

/** Measures sample by sample. */
export class AccuracyMeter {
  readonly #model: Model;
  readonly #layers: readonly LayerSum[];
  readonly #classes: { samples: number; floatRight: number; integerRight: number }[];
  readonly #differences: Difference[] = [];
  readonly #counts = { samples: 0, agreeing: 0, labelled: 0, floatRight: 0, integerRight: 0, bothRight: 0 };

  constructor(model: Model) {
    this.#model = model;
    const exponents = exponentsOf(model.program);
    this.#layers = model.program.nodes.flatMap(({ kind, output }, node) =>
      kind === "argmax" || kind === "reshape" || kind === "transpose"
        ? []
        : [
            {
              name: output,
              kind,
              node,
              unit: 2 ** -(exponents.get(output) ?? 0),
              largest: 0,
              total: 0,
              cells: 0,
              magnitude: 0,
              saturations: 0,
            },
          ],
    );
    this.#classes = model.output.labels.map(() => ({ samples: 0, floatRight: 0, integerRight: 0 }));
  }

  /** Runs both networks. @throws ModelError for an input that the model does not accept */
  add({ input, label, name }: Sample): void {
    const { graph, compiled, output } = this.#model;
    const scale = 2 ** -this.#model.input.exponent;
    const real = runFloat(graph, { shape: input.shape, data: Float64Array.from(input.data, (v) => v * scale) });
    const integer = compiled.run(input);
    const [float, got] = [argMax(real.get(graph.output)?.data ?? []), integer.classIndex];
    const counts = this.#counts;
    if (float === got) counts.agreeing++;
    else if (this.#differences.length < MAX_DIFFERENCES)
      this.#differences.push({
        sample: name ?? `sample ${counts.samples}`,
        float: outputLabel(output, float),
        integer: outputLabel(output, got),
        label: label === undefined ? null : outputLabel(output, label),
      });
    counts.samples++;
    if (label !== undefined) {
      counts.labelled++;
      if (float === label && got === label) counts.bothRight++;
      for (const count of [counts, this.#classes[label]!]) {
        if (float === label) count.floatRight++;
        if (got === label) count.integerRight++;
      }
      this.#classes[label]!.samples++;
    }
    for (const layer of this.#layers) {
      layer.saturations += integer.traces[layer.node]?.saturations ?? 0;
      addErrors(layer, real.get(layer.name)?.data ?? new Float64Array(), integer.values.get(layer.name)?.data ?? new Int32Array());
    }
  }

  /** The report on all samples so far. */
  report({ id, source }: AccuracySubject = { id: null, source: null }): AccuracyReport {
    const { samples } = this.#counts;
    const { labels } = this.#model.output;
    return {
      model: this.#model.name,
      id,
      source,
      ...this.#counts,
      saturations: this.#layers.reduce((n, l) => n + l.saturations, 0),
      layers: this.#layers.map(({ name, kind, largest, total, cells, magnitude, saturations }) => ({
        name,
        kind,
        cells: cells / Math.max(1, samples),
        largest,
        mean: total / Math.max(1, cells),
        magnitude,
        saturations,
      })),
      classes: this.#classes.flatMap((count, k) => (count.samples > 0 ? [{ label: labels[k] ?? `${k}`, ...count }] : [])),
      differences: [...this.#differences],
    };
  }
}

/** A layer's figures while samples come in; `node` is its place in the program, `unit` what an integer 1 stands for. */
interface LayerSum {
  readonly name: string;
  readonly kind: string;
  readonly node: number;
  readonly unit: number;
  largest: number;
  total: number;
  cells: number;
  magnitude: number;
  saturations: number;
}

function addErrors(sum: LayerSum, real: Float64Array, integers: Int32Array): void {
  for (let i = 0; i < real.length; i++) {
    const difference = Math.abs(integers[i]! * sum.unit - real[i]!);
    sum.total += difference;
    sum.largest = Math.max(sum.largest, difference);
    sum.magnitude = Math.max(sum.magnitude, Math.abs(real[i]!));
  }
  sum.cells += real.length;
}

/** The report as text, one fact a line. */
export function formatAccuracy(report: AccuracyReport): string {
  const share = (part: number, whole: number) => `${part} of ${whole} (${percent(part, whole)})`;
  const { id, source, samples } = report;
  return [
    `${report.model}${id === null ? "" : `, model id ${id}`}`,
    ...(source === null ? [] : [`samples: ${samples === source.count ? "all" : `${samples} of`} ${source.count} ${source.name}`]),
    `arg max agrees with the float network: ${share(report.agreeing, samples)}`,
    ...(report.labelled > 0
      ? [
          `right classes, float: ${share(report.floatRight, report.labelled)}`,
          `right classes, integers: ${share(report.integerRight, report.labelled)}`,
        ]
      : []),
    ...report.layers.map(
      (l) =>
        `layer ${l.name}: largest error ${figure(l.largest)}, mean ${figure(l.mean)}, values up to ${figure(l.magnitude)}${l.saturations > 0 ? `, ${l.saturations} cells cut` : ""}`,
    ),
    `saturations: ${report.saturations}`,
  ].join("\n");
}

/** "98.91 %". */
export function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
}

/** A measured number with three significant digits. */
export function figure(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
