/** `circlet accuracy`: how the integer network differs from its float original on samples. */
import { formatAccuracy } from "../../model/accuracy.ts";
import { checkWritable, writeWhole } from "../files.ts";
import type { Io } from "../io.ts";
import { measured } from "../measure.ts";
import type { JsonOption } from "../options.ts";
import { print } from "../output.ts";
import { samplesFor } from "../samples.ts";
import { openModel } from "../source.ts";
import { isTransformer, refuse } from "../transformers.ts";

export interface AccuracyOptions extends JsonOption {
  readonly limit: number;
  readonly samples?: string;
  readonly html?: string;
  readonly recipe?: string;
}

export async function accuracyCommand(source: string, options: AccuracyOptions, io: Io): Promise<void> {
  if (await isTransformer(source)) return (await import("./accuracy-tokens.ts")).accuracyTokensCommand(source, options, io);
  refuse(options, ["recipe"]);
  const { html } = options;
  if (html !== undefined) await checkWritable(html);
  const model = await openModel(source);
  const samples = await samplesFor(model, options.samples, "measure");
  const report = await measured(model, samples, samples.wanted ?? options.limit, io);
  if (html !== undefined) await writeWhole(html, (await import("../accuracy-page.ts")).accuracyPage(report));
  print(io, options, report, () => [formatAccuracy(report), ...(html === undefined ? [] : [`written: ${html}`])].join("\n"));
}
