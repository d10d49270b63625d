/** `circlet run` for a language model: continues a prompt, or embeds a text, in exact integers, without a proof. */
import { runDecoderOn } from "../../decoder.ts";
import { runEncoder } from "../../encoder.ts";
import { embeddingJson, embeddingText } from "../embeddings.ts";
import { UsageError } from "../failure.ts";
import type { Io } from "../io.ts";
import type { BackendFlags, JsonOption } from "../options.ts";
import { aligned, print, printable } from "../output.ts";
import { promptOf, statementJson, textFor } from "../prompts.ts";
import { withBackend } from "../source.ts";
import { openLanguageModel, type TokenFlags } from "../transformers.ts";

export async function runTokensCommand(source: string, options: JsonOption & BackendFlags & TokenFlags, io: Io): Promise<void> {
  const model = await openLanguageModel(source, options, io);
  if (model.program.final) {
    if (options.backend === "webgpu") throw new UsageError("usage", "--backend webgpu is for decoders: encoders run on the host alone");
    const statement = runEncoder(model, await textFor(model, options.input, io));
    return print(io, options, { model: model.name, ...embeddingJson(model, statement) }, () =>
      aligned([["model", printable(model.name)], ...embeddingText(model, statement)]),
    );
  }
  const { prompt, count } = await promptOf(model, options, io);
  const said = await withBackend(options, io, (backend) => runDecoderOn(model, prompt, count, { backend }));
  const statement = statementJson(model, said);
  print(io, options, { model: model.name, ...statement }, () =>
    aligned([
      ["model", printable(model.name)],
      ["prompt", printable(statement.prompt.text, 2000)],
      ["output", printable(statement.generated.text, 10_000)],
    ]),
  );
}
