/** Plots as SVG text. Colours are the page's custom properties, so that they follow its light and dark. */
import { printable } from "./output.ts";

/** Text for HTML, without control characters. */
export function escaped(text: string, most = 200): string {
  return printable(text, most).replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
}

/** Two marks on a row, at numbers of the axis; a filled one over a ring. */
export interface DotRow {
  readonly name: string;
  readonly ring: number;
  readonly dot: number;
  /** Printed at the end of the row. */
  readonly text: string;
  /** Shown when the pointer rests on the row. */
  readonly title: string;
}

/** A horizontal axis. */
export interface Axis {
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** Number -> 0 to 1. */
  readonly place: (value: number) => number;
}

/** Units of a plot; the page scales it, and scrolls it where it would become too small to read. */
const WIDTH = 720;
const [RIGHT, TOP, ROW] = [150, 26, 24];
/** Of a letter of a row's name, about. */
const LETTER = 7;
/** Longer names are shortened. */
const LONGEST = 24;

/** Rows of a ring and a dot, joined by a line. */
export function dotPlot(label: string, axis: Axis, rows: readonly DotRow[]): string {
  const height = TOP + rows.length * ROW + 4;
  const left = 28 + LETTER * Math.min(LONGEST, Math.max(...rows.map((r) => r.name.length)));
  const x = (value: number) => (left + axis.place(value) * (WIDTH - left - RIGHT)).toFixed(1);
  const grid = axis.ticks.map(
    ({ at, text }) =>
      `<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${TOP - 4}" y2="${height}"/><text class="tick" x="${x(at)}" y="${TOP - 10}">${escaped(text)}</text>`,
  );
  const marks = rows.map(({ name, ring, dot, text, title }, i) => {
    const y = TOP + i * ROW + ROW / 2;
    return `<g><title>${escaped(title)}</title><rect class="row" x="0" y="${y - ROW / 2}" width="${WIDTH}" height="${ROW}"/><text class="name" x="${left - 14}" y="${y + 4}">${escaped(short(name))}</text><line class="join" x1="${x(ring)}" x2="${x(dot)}" y1="${y}" y2="${y}"/><circle class="ring" cx="${x(ring)}" cy="${y}" r="6"/><circle class="dot" cx="${x(dot)}" cy="${y}" r="3.5"/><text class="value" x="${WIDTH - RIGHT + 14}" y="${y + 4}">${escaped(text)}</text></g>`;
  });
  return `<div class="scroll">${svg("dots", label, height, [...grid, ...marks])}</div>`;
}

/** A part of a whole; `tone` is a class of the page's style. */
export interface Part {
  readonly name: string;
  readonly count: number;
  readonly tone: string;
}

/** One bar in parts that add up to its length; a part too thin to see is drawn two units wide. */
export function stackedBar(label: string, parts: readonly Part[]): string {
  const total = Math.max(
    1,
    parts.reduce((n, p) => n + p.count, 0),
  );
  const present = parts.filter((p) => p.count > 0);
  const widths = present.map((p) => Math.max(2, (p.count / total) * WIDTH));
  const scale = WIDTH / widths.reduce((n, w) => n + w, 0);
  let x = 0;
  const bars = present.map(({ name, count, tone }, i) => {
    const width = (widths[i] ?? 0) * scale;
    x += width;
    return `<rect class="${tone}" x="${(x - width).toFixed(1)}" y="0" width="${width.toFixed(1)}" height="28"><title>${escaped(`${name}: ${count}`)}</title></rect>`;
  });
  return svg("bar", label, 28, bars);
}

/** Powers of ten that enclose numbers > 0. Smaller ones than 10^-9 times the largest are placed at the left end. */
export function decades(values: readonly number[], text: (power: number) => string): Axis {
  const positive = values.filter((v) => v > 0);
  const high = Math.ceil(Math.log10(Math.max(...positive, 1e-300)));
  const low = Math.max(high - 9, Math.min(high - 1, Math.floor(Math.log10(Math.min(...positive, 10 ** high)))));
  const step = Math.ceil((high - low) / 5);
  const ticks = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => high - i * step);
  return {
    ticks: ticks.map((power) => ({ at: 10 ** power, text: text(power) })),
    place: (v) => (v > 0 ? Math.min(1, Math.max(0, (Math.log10(v) - low) / (high - low))) : 0),
  };
}

/** From a round number at or below the smallest share to 1. */
export function shares(values: readonly number[]): Axis {
  const smallest = Math.min(1, ...values);
  const low = [0.99, 0.95, 0.9, 0.8, 0.5].find((v) => v <= smallest) ?? 0;
  const ticks = [low, (low + 1) / 2, 1];
  return {
    ticks: ticks.map((at) => ({ at, text: `${Number((100 * at).toFixed(2))} %` })),
    place: (v) => (v - low) / (1 - low),
  };
}

/** Long names keep their ends, where they differ. */
function short(name: string): string {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST / 2 - 1)}…${name.slice(-LONGEST / 2)}`;
}

function svg(tone: string, label: string, height: number, parts: readonly string[]): string {
  return `<svg class="${tone}" role="img" aria-label="${escaped(label)}" viewBox="0 0 ${WIDTH} ${height}">${parts.join("")}</svg>`;
}
