/** `circlet accuracy`: how the integer network differs from its float original on samples. */
import { commit } from "../../api.ts";
import { type AccuracyReport, formatAccuracy, measureAccuracy, type Sample } from "../../model/accuracy.ts";
import { breathe, type Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { print } from "../output.ts";
import { samplesFor } from "../samples.ts";
import { openModel, withBackend } from "../source.ts";

export interface AccuracyOptions extends JsonOption {
  readonly limit: number;
  readonly samples?: string;
}

/** Samples between two looks at the signal. */
const BATCH = 50;

export async function accuracyCommand(source: string, options: AccuracyOptions, io: Io): Promise<void> {
  const model = await openModel(source);
  const { name, samples } = await samplesFor(model, options.samples);
  const chosen = spreadOut(samples, options.limit);
  io.stderr.write(`${chosen.length} of ${samples.length} samples: ${name}\n`);
  const { id } = await withBackend({ backend: "auto" }, (backend) => commit(model, { backend }));
  let report: AccuracyReport | undefined;
  for (let i = 0; i < chosen.length; i += BATCH) {
    await breathe(io.signal);
    const next = measureAccuracy(model, chosen.slice(i, i + BATCH), id);
    report = report === undefined ? next : merged(report, next);
  }
  if (report === undefined) return;
  const whole = report;
  print(io, options, { samplesFrom: name, ...whole }, () => formatAccuracy(whole));
}

/** At most `limit` samples, evenly spread, so that a sorted set keeps all its classes. */
function spreadOut(samples: readonly Sample[], limit: number): Sample[] {
  const count = Math.min(limit, samples.length);
  return Array.from({ length: count }, (_, i) => samples[Math.floor((i * samples.length) / count)] as Sample);
}

/** The report on both sets of samples. Every sample has as many cells a layer, so means weigh by samples. */
function merged(a: AccuracyReport, b: AccuracyReport): AccuracyReport {
  const samples = a.samples + b.samples;
  return {
    ...a,
    samples,
    agreeing: a.agreeing + b.agreeing,
    labelled: a.labelled + b.labelled,
    floatRight: a.floatRight + b.floatRight,
    integerRight: a.integerRight + b.integerRight,
    layers: a.layers.map((layer, k) => {
      const other = b.layers[k] ?? layer;
      return {
        name: layer.name,
        largest: Math.max(layer.largest, other.largest),
        mean: (layer.mean * a.samples + other.mean * b.samples) / samples,
        magnitude: Math.max(layer.magnitude, other.magnitude),
      };
    }),
  };
}
