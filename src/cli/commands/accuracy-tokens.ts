/**
 * `circlet accuracy` for a language model: the integer decoder against the float one, on a text that the model writes greedily, on one that it draws and on prose, or
 * on a text that is given; an integer encoder against the float one, by the cosine of their embeddings.
 */
import {
  compareDecoders,
  compareEncoders,
  drawnText,
  type EncoderAccuracy,
  type SiteError,
  type TextAccuracy,
} from "../../model/transformer/accuracy.ts";
import { continueGreedily, FloatTransformer } from "../../model/transformer/float.ts";
import type { LanguageModel } from "../../model/transformer/load.ts";
import { PASSAGE, SENTENCES } from "../../model/transformer/sample-texts.ts";
import { UsageError } from "../failure.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { breathe, type Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { aligned, print, printable, table } from "../output.ts";
import { textsOf } from "../texts.ts";
import { openLanguageModel } from "../transformers.ts";

export interface AccuracyTokensOptions extends JsonOption {
  readonly limit: number;
  readonly samples?: string;
  readonly html?: string;
  readonly recipe?: string;
}

/** Most tokens of a text. */
const MOST = 257;
const SATURATIONS = "none: a value that leaves its bits stops the run";

export async function accuracyTokensCommand(source: string, options: AccuracyTokensOptions, io: Io): Promise<void> {
  const { html } = options;
  if (html !== undefined) await checkWritable(html);
  const model = await openLanguageModel(source, options, io);
  if (model.program.final) return accuracyOfEncoder(model, options, io);
  const reports: TextAccuracy[] = [];
  for (const [text, tokens] of await textsFor(model, options)) {
    if (tokens.length < 2) throw new UsageError("usage", "A text of one token has nothing to predict");
    io.stderr.write(`measures on a ${text} text of ${tokens.length} tokens ...\n`);
    await breathe(io.signal);
    reports.push(compareDecoders(model.float, model.program, text, tokens));
  }
  if (html !== undefined) await writeWhole(html, (await import("../accuracy-tokens-page.ts")).tokensPage(model.name, reports));
  const written = html === undefined ? [] : [`written: ${html}`];
  print(io, options, { model: model.name, saturations: 0, texts: reports }, () =>
    [
      aligned([
        ["model", printable(model.name)],
        ["saturations", SATURATIONS],
      ]),
      ...reports.map(reportText),
      ...written,
    ].join("\n\n"),
  );
}

/** The texts to measure a decoder on, by name. */
async function textsFor(
  { float, tokenizer }: LanguageModel,
  { limit, samples }: AccuracyTokensOptions,
): Promise<(readonly [string, number[]])[]> {
  const count = Math.min(MOST, limit + 1, float.config.context);
  if (samples !== undefined)
    return (await textsOf(samples, tokenizer, false, count)).slice(0, 1).map((tokens) => ["given", tokens] as const);
  if (count < 2) throw new UsageError("usage", "A text of one token has nothing to predict");
  const writer = new FloatTransformer(float);
  return [
    ["greedy", continueGreedily((token) => writer.step(token), [tokenizer.first], count - 1)],
    ["drawn", drawnText(float, tokenizer.first, count)],
    ...prose(tokenizer, count),
  ];
}

/** The passage, if the vocabulary can write it. */
function prose(tokenizer: LanguageModel["tokenizer"], count: number): (readonly [string, number[]])[] {
  try {
    return [["prose", tokenizer.encode(PASSAGE).slice(0, count)]];
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

async function accuracyOfEncoder(model: LanguageModel, options: AccuracyTokensOptions, io: Io): Promise<void> {
  const { samples, html, limit } = options;
  const { tokenizer, float } = model;
  const most = Math.min(MOST - 1, float.config.context);
  const texts =
    samples === undefined ? SENTENCES.map((text) => tokenizer.encode(text).slice(0, most)) : await textsOf(samples, tokenizer, true, most);
  const measured = texts.slice(0, limit);
  io.stderr.write(`measures on ${measured.length} texts ...\n`);
  await breathe(io.signal);
  const report = compareEncoders(float, model.program, measured);
  if (html !== undefined) await writeWhole(html, (await import("../accuracy-tokens-page.ts")).embeddingsPage(model.name, report));
  print(io, options, { model: model.name, saturations: 0, texts: measured.length, ...report }, () =>
    [
      aligned([["model", printable(model.name)], ["saturations", SATURATIONS], ...cosineRows(report)]),
      sitesText(report.sites),
      ...(html === undefined ? [] : [`written: ${html}`]),
    ].join("\n\n"),
  );
}

function cosineRows({ cosines }: EncoderAccuracy): (readonly [string, string])[] {
  const mean = cosines.reduce((sum, c) => sum + c, 0) / cosines.length;
  return [
    ["texts", `${cosines.length}`],
    ["cosine", `mean ${mean.toFixed(6)}, smallest ${Math.min(...cosines).toFixed(6)}`],
  ];
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
    sitesText(sites),
  ].join("\n");
}

function sitesText(sites: readonly SiteError[]): string {
  return table(
    ["residual stream", "size", "mean error", "largest"],
    sites.map((s) => [s.site, s.size.toFixed(4), s.mean.toFixed(6), s.largest.toFixed(5)]),
  );
}
