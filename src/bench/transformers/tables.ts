/** Tables of a report for a terminal, and its series as rows of Markdown. */
import { GROUP_NAMES, groupedBytes } from "./parts.ts";
import { SIZES, seriesOf } from "./points.ts";
import type { Report } from "./report.ts";

const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
const millions = (n: number): string => `${(n / 1e6).toFixed(2)} M`;

/** Times are processor time unless they are called wall time. */
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
          "run ms": row.run.processorMs.toFixed(0),
          "pass ms": row.pass.processorMs.toFixed(0),
          "prove s": (row.prove.processorMs / 1000).toFixed(2),
          "prove s (wall)": (row.prove.ms / 1000).toFixed(2),
          "prove/run": (row.prove.processorMs / row.run.processorMs).toFixed(1),
          "prove/pass": (row.prove.processorMs / row.pass.processorMs).toFixed(1),
          "proof KiB": kib(row.proofBytes),
          growth: before ? `${(100 * (row.proofBytes / before.proofBytes - 1)).toFixed(1)} %` : "",
          "verify ms": row.verify.processorMs.toFixed(1),
          "verify ms (wall)": row.verify.ms.toFixed(1),
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
