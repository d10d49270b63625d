/** An accuracy report of a network with classes as a page of its own. */
import { type AccuracyReport, figure, percent } from "../model/accuracy.ts";
import { accuracyPageOf, legend, section, table, tiles } from "./page.ts";
import { decades, dotPlot, escaped, type Part, shares, stackedBar } from "./plots.ts";

/** The page as HTML. */
export function accuracyPage(report: AccuracyReport): string {
  const { model, id, source, samples } = report;
  const measured =
    source === null ? `${samples} samples` : `${samples === source.count ? "all" : `${samples} of`} ${source.count} ${source.name}`;
  return accuracyPageOf(
    model,
    [
      `How the integer network, which proofs are about, differs from its floating-point original on ${escaped(measured)}.`,
      ...(id === null ? [] : [`Model id <code>${escaped(id)}</code>`]),
    ],
    [figures(report), agreement(report), layers(report), classes(report), differences(report)],
  );
}

function figures(report: AccuracyReport): string {
  const { samples, agreeing, labelled, floatRight, integerRight, saturations } = report;
  const share = (name: string, part: number, whole: number) => [name, percent(part, whole), `${part} of ${whole}`] as const;
  return tiles([
    share("Same class", agreeing, samples),
    ...(labelled > 0 ? [share("Float right", floatRight, labelled), share("Integers right", integerRight, labelled)] : []),
    ["Cells cut", `${saturations}`, saturations === 0 ? "nothing saturated" : `in ${samples} samples`],
  ]);
}

function agreement({ samples, agreeing, labelled, floatRight, integerRight, bothRight }: AccuracyReport): string {
  const parts: Part[] =
    labelled > 0
      ? [
          { name: "both right", count: bothRight, tone: "both" },
          { name: "float alone right", count: floatRight - bothRight, tone: "float" },
          { name: "integers alone right", count: integerRight - bothRight, tone: "integer" },
          { name: "both wrong", count: labelled - floatRight - integerRight + bothRight, tone: "neither" },
        ]
      : [
          { name: "same class", count: agreeing, tone: "both" },
          { name: "different classes", count: samples - agreeing, tone: "float" },
        ];
  return section(
    "Agreement",
    labelled > 0 ? "Samples by which network names their class." : "Samples by whether both networks name one class.",
    stackedBar(parts.map((p) => `${p.name} ${p.count}`).join(", "), parts),
    legend(parts.map((p) => [p.tone, `${p.name}: ${p.count}`])),
  );
}

function layers({ layers }: AccuracyReport): string {
  const relative = layers.map((l) => {
    const whole = l.magnitude > 0 ? l.magnitude : 1;
    return { ...l, mean: l.mean / whole, largest: l.largest / whole, absolute: l };
  });
  const axis = decades(
    relative.flatMap((l) => [l.mean, l.largest]),
    (power) => `${figure(10 ** (power + 2))} %`,
  );
  const rows = relative.map(({ name, mean, largest, absolute }) => ({
    name,
    ring: largest,
    dot: mean,
    text: `${figure(100 * mean)} %, ${figure(100 * largest)} %`,
    title: `${name}: mean error ${figure(absolute.mean)}, largest ${figure(absolute.largest)}, values up to ${figure(absolute.magnitude)}`,
  }));
  const figures = layers.map((l) => [l.name, l.kind, l.cells, figure(l.mean), figure(l.largest), figure(l.magnitude), l.saturations]);
  return section(
    "Error by layer",
    "Difference from the float values, in percent of the layer's largest value; the scale is logarithmic.",
    dotPlot("Mean and largest error of every layer", axis, rows),
    legend([
      ["dot", "mean"],
      ["ring", "largest"],
    ]),
    table(["value", "operator", "cells", "mean error", "largest error", "values up to", "cells cut"], figures),
  );
}

/** More classes are shown only where a network errs. */
const MANY_CLASSES = 20;

function classes({ classes }: AccuracyReport): string {
  if (classes.length === 0) return "";
  const shown = classes.length <= MANY_CLASSES ? classes : classes.filter((c) => c.floatRight < c.samples || c.integerRight < c.samples);
  const others = classes.length - shown.length;
  const rows = shown.map(({ label, samples, floatRight, integerRight }) => ({
    name: label,
    ring: floatRight / samples,
    dot: integerRight / samples,
    text: `${integerRight} of ${samples}${floatRight === integerRight ? "" : `, float ${floatRight}`}`,
    title: `${label}: float ${floatRight}, integers ${integerRight} of ${samples}`,
  }));
  return section(
    "Right classes",
    `Share of each class's samples that a network names right.${others > 0 ? ` Not shown: ${others} classes without an error of either network.` : ""}`,
    dotPlot("Share of right answers by class", shares(rows.flatMap((r) => [r.ring, r.dot])), rows),
    legend([
      ["ring", "float"],
      ["dot", "integers"],
    ]),
  );
}

function differences({ differences, samples, agreeing }: AccuracyReport): string {
  if (differences.length === 0) return "";
  const all = samples - agreeing;
  return section(
    "Differences",
    `${all} sample${all === 1 ? "" : "s"} for which the two networks name different classes${all > differences.length ? `, the first ${differences.length}` : ""}.`,
    table(
      ["sample", "float", "integers", "label"],
      differences.map((d) => [d.sample, d.float, d.integer, d.label ?? ""]),
      "text",
    ),
  );
}
