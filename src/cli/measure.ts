/** Calibrating and measuring with samples, interruptibly. */
import { commit } from "../api.ts";
import { AccuracyMeter, type AccuracyReport } from "../model/accuracy.ts";
import type { FloatModel, Model } from "../model/build.ts";
import { Calibration } from "../model/calibrate.ts";
import { breathe, type Io } from "./io.ts";
import { type SampleSet, spreadOut } from "./samples.ts";
import { withBackend } from "./source.ts";

/** Samples between two looks at the signal. */
const BATCH = 20;

/** The accuracy report on at most `limit` samples, with the model id. */
export async function measured(model: Model, samples: SampleSet, limit: number, io: Io): Promise<AccuracyReport> {
  const { id } = await withBackend({ backend: "auto" }, io, (backend) => commit(model, { backend }));
  const meter = new AccuracyMeter(model);
  await visit("measures", samples, limit, io, (i) => meter.add(samples.at(i)));
  return meter.report({ id, source: { name: samples.name, count: samples.count } });
}

/** What at most `limit` samples show of the float network's values, and how many there were. */
export async function calibrated(model: FloatModel, samples: SampleSet, limit: number, io: Io): Promise<[Calibration, number]> {
  const calibration = new Calibration(model.graph);
  const scale = 2 ** -model.input.exponent;
  const count = await visit("calibrates", samples, limit, io, (i) => {
    const { shape, data } = samples.at(i).input;
    calibration.add({ shape, data: Float64Array.from(data, (v) => v * scale) });
  });
  return [calibration, count];
}

async function visit(what: string, samples: SampleSet, limit: number, io: Io, look: (i: number) => void): Promise<number> {
  const chosen = spreadOut(samples.count, limit);
  io.stderr.write(`${what} on ${chosen.length} of ${samples.count} ${samples.name} ...\n`);
  for (const [k, i] of chosen.entries()) {
    if (k % BATCH === 0) await breathe(io.signal);
    look(i);
  }
  return chosen.length;
}
