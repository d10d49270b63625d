/** An accuracy report as a page of its own: figures, plots as SVG, tables. No script, nothing from elsewhere, light and dark by the reader's preference. */
import { type AccuracyReport, figure, percent } from "../model/accuracy.ts";
import { decades, dotPlot, escaped, type Part, shares, stackedBar } from "./plots.ts";

const STYLE = `
:root { color-scheme: light dark; --paper: light-dark(#f6f5f2, #14161a); --card: light-dark(#ffffff, #1c1f24); --ink: light-dark(#1d1f23, #eceae4);
  --soft: light-dark(#5c5f66, #a3a7ae); --line: light-dark(#dedbd3, #32363d); --float: light-dark(#b8561a, #ef8d4b); --integer: light-dark(#0b6e65, #4fc9bb);
  --luck: light-dark(#5b4fb5, #9a8ff0); --none: light-dark(#b9b6ae, #50555e); --row: light-dark(#f3f2ee, #23272d);
  font: 100%/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink); }
body { max-width: 54rem; margin: 0 auto; padding: clamp(1rem, 4vw, 3rem); }
h1 { font-size: clamp(1.6rem, 1.2rem + 2vw, 2.3rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 0.25rem; }
p { margin: 0.25rem 0; color: var(--soft); }
code { font: 0.85em ui-monospace, Menlo, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.25rem; margin-top: 1rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; margin: 1.5rem 0 0; }
dl div { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 0.9rem 1.1rem; }
dt { color: var(--soft); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.6rem; font-weight: 650; font-variant-numeric: tabular-nums; }
dd small { display: block; font-size: 0.8rem; font-weight: 400; color: var(--soft); }
svg { display: block; width: 100%; height: auto; margin-top: 1rem; font-size: 12px; font-variant-numeric: tabular-nums; }
svg.dots { min-width: 30rem; } svg text { fill: var(--ink); } svg .tick { fill: var(--soft); text-anchor: middle; } svg .name { text-anchor: end; } svg .value { fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .row { fill: transparent; } svg g:hover .row { fill: var(--row); } svg .join { stroke: var(--none); stroke-width: 2; }
svg .ring { fill: var(--card); stroke: var(--float); stroke-width: 2; } svg .dot { fill: var(--integer); }
.both { fill: var(--integer); background: var(--integer); } .float { fill: var(--float); background: var(--float); }
.integer { fill: var(--luck); background: var(--luck); } .neither { fill: var(--none); background: var(--none); }
ul { list-style: none; margin: 0.75rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.9rem; }
ul i { display: inline-block; box-sizing: border-box; width: 0.8em; height: 0.8em; border-radius: 0.2em; margin-right: 0.4em; vertical-align: -0.06em; }
i.ring { border: 2px solid var(--float); border-radius: 50%; } i.dot { background: var(--integer); border-radius: 50%; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin-top: 0.75rem; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.3rem 0.6rem; border-top: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; border-top: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } .text td { text-align: left; overflow-wrap: anywhere; } .text th { text-align: left; }
`;

/** The page as HTML. */
export function accuracyPage(report: AccuracyReport): string {
  const { model, id, source, samples } = report;
  const measured =
    source === null ? `${samples} samples` : `${samples === source.count ? "all" : `${samples} of`} ${source.count} ${source.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Accuracy of ${escaped(model)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Accuracy of ${escaped(model)}</h1>
<p>How the integer network, which proofs are about, differs from its floating-point original on ${escaped(measured)}.</p>
${id === null ? "" : `<p>Model id <code>${escaped(id)}</code></p>`}
${tiles(report)}
${[agreement(report), layers(report), classes(report), differences(report)].filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}

function tiles(report: AccuracyReport): string {
  const { samples, agreeing, labelled, floatRight, integerRight, saturations } = report;
  const tile = (name: string, value: string, note: string) => `<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  const share = (name: string, part: number, whole: number) => tile(name, percent(part, whole), `${part} of ${whole}`);
  return `<dl>${[
    share("Same class", agreeing, samples),
    ...(labelled > 0 ? [share("Float right", floatRight, labelled), share("Integers right", integerRight, labelled)] : []),
    tile("Cells cut", `${saturations}`, saturations === 0 ? "nothing saturated" : `in ${samples} samples`),
  ].join("")}</dl>`;
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

function section(heading: string, note: string, ...parts: readonly string[]): string {
  return `<section><h2>${heading}</h2><p>${note}</p>${parts.join("\n")}</section>`;
}

function legend(entries: readonly (readonly [tone: string, text: string])[]): string {
  return `<ul>${entries.map(([tone, text]) => `<li><i class="${tone}"></i>${escaped(text)}</li>`).join("")}</ul>`;
}

function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[], tone = ""): string {
  const cells = (tag: string, row: readonly (string | number)[]) => row.map((cell) => `<${tag}>${escaped(`${cell}`)}</${tag}>`).join("");
  return `<div class="scroll"><table class="${tone}"><thead><tr>${cells("th", headings)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("")}</tbody></table></div>`;
}
