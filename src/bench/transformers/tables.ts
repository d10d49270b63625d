/** Tables of a report for a terminal, and its series as rows of Markdown. */
import { GROUP_NAMES, groupedBytes } from "./parts.ts";
import { SIZES, seriesOf } from "./points.ts";
import type { Report } from "./report.ts";

const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
const millions = (n: number): string => `${(n / 1e6).toFixed(2)} M`;

export function printTables({ decoders, gpt2 }: Report): void {
  for (const name of SIZES) {
    const series = seriesOf(decoders, name);
    if (series.length < 2) continue;
    console.log(`by ${name}`);
    console.table(
      series.map((row, k) => {
        const before = series[k - 1];
        return {
          [name]: row[name],
          "look-ups": millions(row.lookups),
          witness: millions(row.witnessCells),
          evaluations: row.evaluations,
          "run s": (row.runMs / 1000).toFixed(3),
          "pass s": (row.passMs / 1000).toFixed(3),
          "prove s": (row.proveMs / 1000).toFixed(2),
          "processor s": (row.proveProcessorMs / 1000).toFixed(2),
          "prove/run": (row.proveMs / row.runMs).toFixed(1),
          "prove/pass": (row.proveMs / row.passMs).toFixed(1),
          "proof KiB": kib(row.proofBytes),
          growth: before ? `${(100 * (row.proofBytes / before.proofBytes - 1)).toFixed(1)} %` : "",
          "verify ms": row.verifyMs.toFixed(1),
          "peak MiB": row.peakMiB,
          load: `${row.measured.loadBefore?.toFixed(1)}`,
        };
      }),
    );
    console.table(
      series.map((row) => ({
        [name]: row[name],
        rows: `2^${row.rowBits}`,
        rate: `2^-${row.blowup}`,
        queries: row.queries,
        widths: row.widths.join(" + "),
        constraints: row.constraints,
        columns: row.columns,
        ...Object.fromEntries(groupedBytes(row.parts).map((bytes, g) => [`${GROUP_NAMES[g]} KiB`, kib(bytes)])),
      })),
    );
  }
  if (gpt2 === null) return;
  console.log(`shape of GPT-2, random weights, ${gpt2.positions} positions, ${gpt2.peakMiB} MiB`);
  console.table(gpt2.seconds);
  const { each, plan, prove, ...segments } = gpt2.segments;
  console.table([gpt2.whole, ...each].map(({ widths, ...row }) => ({ ...row, widths: widths.join(" + ") })));
  console.table({ plan, prove });
  console.table(segments);
}
