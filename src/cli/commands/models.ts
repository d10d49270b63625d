/** `circlet models`: what is bundled. */
import { BUNDLED_MODELS } from "../../model/load.ts";
import { inputShape } from "../../statement/encoding.ts";
import type { Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { print, table } from "../output.ts";
import { openModel } from "../source.ts";

const ABOUT: Readonly<Record<(typeof BUNDLED_MODELS)[number], string>> = {
  lande: "identifies the language of a text",
  "mnist-small": "recognizes handwritten digits",
};

export async function modelsCommand(options: JsonOption, io: Io): Promise<void> {
  const models = await Promise.all(
    BUNDLED_MODELS.map(async (name) => {
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
    }),
  );
  print(io, options, { models }, () =>
    table(
      ["model", "input", "classes", "weights", ""],
      models.map((m) => [m.name, m.input === "text" ? "text" : `[${m.shape}]`, `${m.labels.length}`, `${m.weights}`, m.about]),
    ),
  );
}
