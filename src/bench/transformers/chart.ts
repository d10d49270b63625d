/** Charts as SVG text, on white, for pages of any theme and width. Deterministic: the same rows give the same bytes. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);
// there is no page to measure texts on: as wide as wide fonts are
setPlatformAPI({
  measureText: (text, font) => ({ width: 0.6 * Number.parseFloat(/[\d.]+px/.exec(font ?? "")?.[0] ?? "14") * text.length }),
});

/** What is drawn over the values of one size, equally far from each other. */
export interface Chart {
  readonly title: string;
  /** Name of the size and its values. */
  readonly over: { readonly name: string; readonly values: readonly number[] };
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Lines over a logarithmic or a linear axis, or bars on top of each other. */
  readonly kind: "log" | "linear" | "stack";
  readonly format?: (value: number) => string;
}

const [WIDTH, HEIGHT] = [480, 360];
/** Colours that are told apart without seeing red or green (Okabe and Ito), the last ones for small parts. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777"];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle"];
const INK = "#222222";
const TEXT = { color: INK, fontFamily: "sans-serif", fontSize: 14 };
const LEGEND_LINE = 21;

export function drawChart({ title, over, series, kind, format = String }: Chart): string {
  const hasLegend = series.length > 1;
  const legendLines = hasLegend ? Math.min(3, Math.ceil(series.length / 2)) : 0;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: COLOURS,
    textStyle: TEXT,
    title: { text: title, left: "center", top: 8, textStyle: { ...TEXT, fontSize: 16, fontWeight: "bold" } },
    legend: {
      show: hasLegend,
      left: "center",
      bottom: 6,
      itemWidth: 18,
      itemHeight: 10,
      itemGap: 11,
      textStyle: TEXT,
      data: series.map((s) => s.name),
    },
    grid: { left: 66, right: 18, top: 42, bottom: 50 + legendLines * LEGEND_LINE },
    xAxis: {
      type: "category",
      data: over.values.map(String),
      name: over.name,
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: TEXT,
      axisLabel: TEXT,
      axisTick: { alignWithLabel: true },
      axisLine: { onZero: false, lineStyle: { color: INK } },
    },
    yAxis: {
      type: kind === "log" ? "log" : "value",
      axisLabel: { ...TEXT, formatter: format },
      splitLine: { lineStyle: { color: "#dddddd" } },
      ...(kind === "log" && { min: decadeBelow(series), max: decadeAbove(series) }),
    },
    series: series.map((s, k) => ({
      name: s.name,
      data: [...s.values],
      ...(kind === "stack"
        ? { type: "bar", stack: "all", barWidth: "60%" }
        : { type: "line", symbol: SYMBOLS[k], symbolSize: 8, lineStyle: { width: 2 } }),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${stillSvg(svg)}\n`;
}

/** Without styles for a pointer that is above something, and names with a count of charts. */
function stillSvg(svg: string): string {
  return svg
    .replace(/<style\s*>.*?<\/style>\n?/s, "")
    .replace(/ class="zr\d+-cls-\d+"/g, "")
    .replace(/\bzr\d+-/g, "");
}

function decadeBelow(series: Chart["series"]): number {
  return 10 ** Math.floor(Math.log10(Math.min(...series.flatMap((s) => s.values))));
}

function decadeAbove(series: Chart["series"]): number {
  return 10 ** Math.ceil(Math.log10(Math.max(...series.flatMap((s) => s.values))));
}
