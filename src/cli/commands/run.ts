/** `circlet run`: integer inference alone, the definition that a proof is about. */
import { run } from "../../api.ts";
import { outputLabel } from "../../statement/encoding.ts";
import { UsageError } from "../failure.ts";
import { readInput } from "../input.ts";
import type { Io } from "../io.ts";
import type { BackendFlags, JsonOption } from "../options.ts";
import { aligned, inputJson, inputText, outputText, print, printable } from "../output.ts";
import { openModel } from "../source.ts";
import { isTransformer, refuse, type TokenFlags } from "../transformers.ts";

export interface RunOptions extends JsonOption, BackendFlags, TokenFlags {
  readonly input: string;
}

/** How many of the largest logits people are shown. */
const SHOWN = 5;

export async function runCommand(source: string, options: RunOptions, io: Io): Promise<void> {
  if (await isTransformer(source)) return (await import("./run-tokens.ts")).runTokensCommand(source, options, io);
  refuse(options, ["tokens", "recipe"]);
  if (options.backend === "webgpu")
    throw new UsageError("usage", "--backend webgpu is for a language model: other networks run on the host alone");
  const model = await openModel(source);
  const raw = await readInput(options.input, model, io);
  const { index, label, logits } = run(model, raw);
  const best = Array.from(logits, (logit, k) => ({ logit, k })).sort((a, b) => b.logit - a.logit || a.k - b.k);
  print(io, options, { model: model.name, input: inputJson(model.input, raw), output: { index, label }, logits: [...logits] }, () =>
    aligned([
      ["model", printable(model.name)],
      ["input", inputText(model.input, raw)],
      ["output", outputText(model.input, { index, label })],
      [
        "logits",
        best
          .slice(0, SHOWN)
          .map(({ logit, k }) => `${printable(outputLabel(model.output, k))} ${logit}`)
          .join(", "),
      ],
    ]),
  );
}
