/** An accuracy report of a language model as a page of its own. */
import { figure, percent } from "../model/accuracy.ts";
import type { EncoderAccuracy, SiteError, TextAccuracy } from "../model/transformer/accuracy.ts";
import { accuracyPageOf, legend, section, table, tiles } from "./page.ts";
import { decades, dotPlot, stackedBar } from "./plots.ts";

/** The page as HTML. */
export function tokensPage(model: string, texts: readonly TextAccuracy[]): string {
  return accuracyPageOf(
    model,
    [
      `How the integer decoder, which proofs are about, differs from its floating-point original on texts that the model writes: ${texts.map((t) => `${t.text}, ${t.positions} predictions`).join("; ")}.`,
    ],
    [
      tiles(texts.flatMap((t) => figures(t))),
      ...texts.map((t) => agreement(t)),
      ...texts.map((t) => errors(t)),
      ...texts.map((t) => differences(t)),
    ],
  );
}

/** The page of an encoder. */
export function embeddingsPage(model: string, { cosines, sites }: EncoderAccuracy): string {
  const smallest = Math.min(...cosines);
  const mean = cosines.reduce((sum, c) => sum + c, 0) / cosines.length;
  const worst = cosines.map((cosine, i) => ({ cosine, i })).sort((a, b) => a.cosine - b.cosine);
  return accuracyPageOf(
    model,
    [`How the integer encoder, which proofs are about, differs from its floating-point original on ${cosines.length} texts.`],
    [
      tiles([
        ["Cosine, mean", mean.toFixed(6), `${cosines.length} texts`],
        ["Cosine, smallest", smallest.toFixed(6), `text ${(worst[0]?.i ?? 0) + 1}`],
      ]),
      siteErrors("Error by layer", sites),
      section(
        "Texts",
        "Cosine of the angle between the float and the integer embedding, the smallest first.",
        table(
          ["text", "cosine"],
          worst.map(({ cosine, i }) => [i + 1, cosine.toFixed(6)]),
        ),
      ),
    ],
  );
}

function figures({ text, equal, positions, perplexity }: TextAccuracy): (readonly [string, string, string])[] {
  return [
    [`Same arg max, ${text}`, percent(equal, positions), `${equal} of ${positions}`],
    [`Perplexity, ${text}`, perplexity.integer.toFixed(4), `float ${perplexity.float.toFixed(4)}`],
  ];
}

function agreement({ text, equal, positions }: TextAccuracy): string {
  const parts = [
    { name: "same arg max", count: equal, tone: "both" },
    { name: "another", count: positions - equal, tone: "float" },
  ];
  return section(
    `Agreement, ${text} text`,
    "Positions by whether both decoders prefer the same next token.",
    stackedBar(parts.map((p) => `${p.name} ${p.count}`).join(", "), parts),
    legend(parts.map((p) => [p.tone, `${p.name}: ${p.count}`])),
  );
}

function errors({ text, sites }: TextAccuracy): string {
  return siteErrors(`Error by layer, ${text} text`, sites);
}

function siteErrors(title: string, sites: readonly SiteError[]): string {
  const relative = sites.map((s) => ({ ...s, mean: s.mean / (s.size || 1), largest: s.largest / (s.size || 1), absolute: s }));
  const axis = decades(
    relative.flatMap((s) => [s.mean, s.largest]),
    (power) => `${figure(10 ** (power + 2))} %`,
  );
  const rows = relative.map(({ site, mean, largest, absolute }) => ({
    name: site,
    ring: largest,
    dot: mean,
    text: `${figure(100 * mean)} %, ${figure(100 * largest)} %`,
    title: `${site}: mean error ${figure(absolute.mean)}, largest ${figure(absolute.largest)}, values of about ${figure(absolute.size)}`,
  }));
  return section(
    title,
    "Difference of the residual stream from the float one, in percent of the root of its mean square; the scale is logarithmic.",
    dotPlot("Mean and largest error at every site", axis, rows),
    legend([
      ["dot", "mean"],
      ["ring", "largest"],
    ]),
    table(
      ["residual stream", "size", "mean error", "largest error"],
      sites.map((s) => [s.site, figure(s.size), figure(s.mean), figure(s.largest)]),
    ),
  );
}

function differences({ text, differences }: TextAccuracy): string {
  if (differences.length === 0) return "";
  return section(
    `Differences, ${text} text`,
    "Positions at which the decoders prefer different tokens, and by how much the float model's choice leads there.",
    table(
      ["position", "float", "integers", "lead"],
      differences.map((d) => [d.position, d.float, d.integer, figure(d.gap)]),
    ),
  );
}
