/** `circlet accuracy` for a language model: the integer decoder against the float one, on a text that the model writes greedily and on one that it draws. */
import { compareDecoders, drawnText, type TextAccuracy } from "../../model/transformer/accuracy.ts";
import { continueGreedily, FloatDecoder } from "../../model/transformer/float.ts";
import { openDecoder } from "../decoders.ts";
import { UsageError } from "../failure.ts";
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
  if (options.samples !== undefined || options.html !== undefined)
    throw new UsageError("usage", "--samples and --html are for models with classes; a language model is measured on texts that it writes");
  const decoder = await openDecoder(source);
  const { float, program, tokenizer, name } = decoder;
  const count = Math.min(MOST, options.limit + 1, float.config.context);
  if (count < 2) throw new UsageError("usage", "A text of one token has nothing to predict");
  const writer = new FloatDecoder(float);
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
  print(io, options, { model: name, texts: reports }, () => [`model  ${printable(name)}`, ...reports.map(reportText)].join("\n\n"));
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
