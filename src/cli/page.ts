/** Reports as pages of their own: text, plots as SVG, tables. No script, nothing from elsewhere, light and dark by the reader's preference. */
import { escaped } from "./plots.ts";

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

/** A page about the accuracy of a model; the parts are HTML, empty ones are left out. */
export function accuracyPageOf(model: string, notes: readonly string[], parts: readonly string[]): string {
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
${notes.map((note) => `<p>${note}</p>`).join("\n")}
${parts.filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}

/** Figures side by side. */
export function tiles(all: readonly (readonly [name: string, value: string, note: string])[]): string {
  return `<dl>${all.map(([name, value, note]) => `<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`).join("")}</dl>`;
}

/** A card with a heading and a note. */
export function section(heading: string, note: string, ...parts: readonly string[]): string {
  return `<section><h2>${heading}</h2><p>${note}</p>${parts.join("\n")}</section>`;
}

/** What the tones of a plot mean. */
export function legend(entries: readonly (readonly [tone: string, text: string])[]): string {
  return `<ul>${entries.map(([tone, text]) => `<li><i class="${tone}"></i>${escaped(text)}</li>`).join("")}</ul>`;
}

/** Rows under headings; a tone is a class of the style. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[], tone = ""): string {
  const cells = (tag: string, row: readonly (string | number)[]) => row.map((cell) => `<${tag}>${escaped(`${cell}`)}</${tag}>`).join("");
  return `<div class="scroll"><table class="${tone}"><thead><tr>${cells("th", headings)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("")}</tbody></table></div>`;
}
