/**
 * Draws what `transformers.bench.ts` wrote, from the file alone: times, ratios, proof sizes and memory by layers, tokens and width. Prints the tables of the README.
 *
 *   tsx src/bench/transformers/plots.ts docs/bench/transformers-cpu-<date>.json [folder]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Chart, drawChart } from "./chart.ts";
import type { DecoderRow } from "./decoder.ts";
import { decoderTable, gpt2Table } from "./markdown.ts";
import { GROUP_NAMES, groupedBytes } from "./parts.ts";
import { SIZES, type SizeName, seriesOf } from "./points.ts";
import type { Report } from "./report.ts";

const [file, folder = "docs/plots"] = process.argv.slice(2);
if (file === undefined) throw new Error("Give the file that transformers.bench.ts wrote");
const { decoders, gpt2 } = JSON.parse(readFileSync(file, "utf8")) as Report;
mkdirSync(folder, { recursive: true });
for (const name of SIZES) {
  const rows = seriesOf(decoders, name);
  for (const [kind, chart] of Object.entries(chartsOf(name, rows))) writeFileSync(join(folder, `${kind}-by-${name}.svg`), drawChart(chart));
}
console.log(decoderTable(decoders));
if (gpt2 !== null) console.log(`\n${gpt2Table(gpt2)}`);

function chartsOf(name: SizeName, rows: readonly DecoderRow[]): Readonly<Record<string, Chart>> {
  const over = { name, values: rows.map((row) => row[name]) };
  const series = (label: string, of: (row: DecoderRow) => number) => ({ name: label, values: rows.map(of) });
  const sizes = rows.map((row) => groupedBytes(row.parts));
  return {
    time: {
      title: `Processor time by ${name}`,
      over,
      kind: "log",
      series: [
        series("proving", (row) => row.prove.processorMs / 1000),
        series("proving, wall time", (row) => row.prove.ms / 1000),
        series("integers, by token", (row) => row.run.processorMs / 1000),
        series("integers, at once", (row) => row.pass.processorMs / 1000),
        series("verifying", (row) => row.verify.processorMs / 1000),
      ],
      format: (seconds) => (seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds} s`),
    },
    ratio: {
      title: `Proving over integer inference, by ${name}`,
      over,
      kind: "linear",
      series: [
        series("token by token", (row) => row.prove.processorMs / row.run.processorMs),
        series("all at once", (row) => row.prove.processorMs / row.pass.processorMs),
      ],
    },
    proof: {
      title: `Proof by ${name}, in KiB`,
      over,
      kind: "stack",
      series: GROUP_NAMES.map((group, g) => ({ name: group, values: sizes.map((bytes) => (bytes[g] ?? 0) / 1024) })),
    },
    memory: {
      title: `Peak memory of the process by ${name}, in MiB`,
      over,
      kind: "linear",
      series: [series("peak", (row) => row.peakMiB)],
    },
  };
}
