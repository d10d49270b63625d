/** `circlet models`: what is bundled. */
import { BUNDLED_MODELS } from "../../model/load.ts";
import type { Transformer } from "../../model/transformer/model.ts";
import { inputShape } from "../../statement/encoding.ts";
import { type FloatTensor, sizeOf } from "../../tensor/tensor.ts";
import type { Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { print, table } from "../output.ts";
import { BUNDLED_TRANSFORMERS, openModel } from "../source.ts";
import { openFloat } from "../transformers.ts";

const ABOUT: Readonly<Record<(typeof BUNDLED_MODELS)[number] | (typeof BUNDLED_TRANSFORMERS)[number], string>> = {
  lande: "identifies the language of a text",
  "mnist-small": "recognizes handwritten digits",
  ishmael: "writes on in the manner of Moby-Dick",
};

export async function modelsCommand(options: JsonOption, io: Io): Promise<void> {
  const networks = await Promise.all(BUNDLED_MODELS.map(networkOf));
  const transformers = await Promise.all(BUNDLED_TRANSFORMERS.map((name) => transformerOf(name, io)));
  print(io, options, { models: [...networks, ...transformers] }, () =>
    table(
      ["model", "input", "output", "weights", ""],
      [
        ...networks.map((m) => [
          m.name,
          m.input === "text" ? "text" : `[${m.shape}]`,
          `${m.labels.length} classes`,
          `${m.weights}`,
          m.about,
        ]),
        ...transformers.map((m) => [m.name, "text", "text", `${m.weights}`, m.about]),
      ],
    ),
  );
}

async function networkOf(name: (typeof BUNDLED_MODELS)[number]) {
  const { input, output, compiled } = await openModel(name);
  const weights = [...compiled.built.weights.values()].reduce((n, column) => n + column.length, 0);
  return {
    name,
    about: ABOUT[name],
    input: input.kind === "ngrams" ? "text" : "tensor",
    shape: inputShape(input),
    labels: output.labels,
    weights,
  };
}

async function transformerOf(name: (typeof BUNDLED_TRANSFORMERS)[number], io: Io) {
  const { transformer } = await openFloat(name, io);
  const { layers, width, vocabulary, context } = transformer.config;
  return {
    name,
    about: ABOUT[name],
    input: "text",
    output: "text",
    layers,
    width,
    vocabulary,
    context,
    weights: parametersOf(transformer),
  };
}

/** Numbers in all tensors; a head that is the embedding counts once. */
function parametersOf({ embedding, positionEmbedding, layers, norms, head }: Transformer): number {
  const tensors = new Set<FloatTensor>();
  const visit = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    if ("shape" in part) tensors.add(part as FloatTensor);
    else Object.values(part).forEach(visit);
  };
  visit([embedding, positionEmbedding, layers, norms, head]);
  return [...tensors].reduce((n, { shape }) => n + sizeOf(shape), 0);
}
