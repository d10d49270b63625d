/** `circlet accuracy` for a language model: the integer decoder against the float one, on a text that the model writes greedily and on one that it draws. */
import { compareDecoders, drawnText, type TextAccuracy } from "../../model/transformer/accuracy.ts";
import { continueGreedily, FloatTransformer } from "../../model/transformer/float.ts";
import { openDecoder } from "../decoders.ts";
import { UsageError } from "../failure.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { breathe, type Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { aligned, print, printable, table } from "../output.ts";

export interface AccuracyTokensOptions extends JsonOption {
  readonly limit: number;
  readonly samples?: string;
  readonly html?: string;
}

/** Most tokens of a text. */
const MOST = 257;

export async function accuracyTokensCommand(source: string, options: AccuracyTokensOptions, io: Io): Promise<void> {
  const { html } = options;
  if (options.samples !== undefined)
    throw new UsageError("usage", "--samples is for models with classes; a language model is measured on texts that it writes");
  if (html !== undefined) await checkWritable(html);
  const decoder = await openDecoder(source);
  const { float, program, tokenizer, name } = decoder;
  const count = Math.min(MOST, options.limit + 1, float.config.context);
  if (count < 2) throw new UsageError("usage", "A text of one token has nothing to predict");
  const writer = new FloatTransformer(float);
  const texts: readonly (readonly [string, () => number[]])[] = [
    ["greedy", () => continueGreedily((token) => writer.step(token), [tokenizer.begin], count - 1)],
    ["drawn", () => drawnText(float, tokenizer.begin, count)],
  ];
  const reports: TextAccuracy[] = [];
  for (const [text, write] of texts) {
    io.stderr.write(`measures on a ${text} text of ${count} tokens ...\n`);
    await breathe(io.signal);
    reports.push(compareDecoders(float, program, text, write()));
  }
  if (html !== undefined) await writeWhole(html, (await import("../accuracy-tokens-page.ts")).tokensPage(name, reports));
  const written = html === undefined ? [] : [`written: ${html}`];
  print(io, options, { model: name, texts: reports }, () =>
    [`model  ${printable(name)}`, ...reports.map(reportText), ...written].join("\n\n"),
  );
}

function reportText(report: TextAccuracy): string {
  const { perplexity, positions, equal, differences, sites } = report;
  const change = 100 * (perplexity.integer / perplexity.float - 1);
  return [
    aligned([
      ["text", `${report.text}, ${positions} predictions`],
      ["same arg max", `${equal} of ${positions} (${((100 * equal) / positions).toFixed(1)} %)`],
      ["perplexity", `float ${perplexity.float.toFixed(4)}, integer ${perplexity.integer.toFixed(4)} (${change.toFixed(2)} %)`],
      ...differences.map((d) => ["differs", `position ${d.position}: the float model's choice leads by ${d.gap.toFixed(4)}`] as const),
    ]),
    table(
      ["residual stream", "size", "mean error", "largest"],
      sites.map((s) => [s.site, s.size.toFixed(4), s.mean.toFixed(6), s.largest.toFixed(5)]),
    ),
  ].join("\n");
}
