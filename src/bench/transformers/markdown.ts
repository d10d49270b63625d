/** A report's figures as tables of Markdown. */
import type { DecoderRow } from "./decoder.ts";
import type { Gpt2Row } from "./gpt2.ts";
import { SIZES, seriesOf } from "./points.ts";
import type { Least } from "./timing.ts";

const millions = (n: number): string => `${(n / 1e6).toFixed(2)} M`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
const ratio = (a: Least, b: Least): string => (a.processorMs / b.processorMs).toFixed(0);

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** One row a decoder, series after series; processor time but where it is called wall time. */
export function decoderTable(decoders: readonly DecoderRow[]): string {
  const rows = [...new Set(SIZES.flatMap((name) => seriesOf(decoders, name)))];
  return table(
    [
      "layers",
      "tokens",
      "width",
      "look-ups",
      "integers, by token / at once",
      "proving",
      "ratio",
      "wall time",
      "proof",
      "verifying",
      "memory",
    ],
    rows.map((row) => [
      row.layers,
      row.tokens,
      row.width,
      millions(row.lookups),
      `${row.run.processorMs.toFixed(0)} / ${row.pass.processorMs.toFixed(0)} ms`,
      seconds(row.prove.processorMs),
      `${ratio(row.prove, row.run)} / ${ratio(row.prove, row.pass)}`,
      seconds(row.prove.ms),
      kib(row.proofBytes),
      `${row.verify.processorMs.toFixed(0)} ms`,
      `${row.peakMiB} MiB`,
    ]),
  );
}

export function gpt2Table({ whole, segments, seconds: steps, peakBeforeMiB, peakMiB }: Gpt2Row): string {
  const { each, count, prove, proofBytes, bits, verifyMs } = segments;
  const sum = (of: (segment: Gpt2Row["segments"]["each"][number]) => number): number => each.reduce((n, one) => n + of(one), 0);
  const committing = sum((one) => one.commitSeconds);
  const proving = sum((one) => Object.values(one.phases).reduce((a, b) => a + b, 0));
  const both = (name: string): string => `${steps[name]?.wall.toFixed(1)} s, ${steps[name]?.processor.toFixed(1)} s`;
  return table(
    ["the shape of GPT-2, random weights, 16 positions", "whole", `${count} segments`],
    [
      ["weight cells", millions(whole.weightCells), millions(sum((one) => one.weightCells))],
      ["witness cells", millions(whole.witnessCells), millions(sum((one) => one.witnessCells))],
      ["look-ups", millions(whole.lookups), millions(sum((one) => one.lookups))],
      [
        "constraints / columns",
        `${whole.constraints} / ${whole.columns}`,
        `${most(each, "constraints")} / ${most(each, "columns")} at most`,
      ],
      ["evaluations", whole.evaluations, `${most(each, "evaluations")} at most`],
      ["proof", `${kib(whole.expectedProofBytes)} expected`, kib(proofBytes)],
      ["proven bits", whole.bits.toFixed(1), bits.toFixed(1)],
      ["quantizing: wall, processor", both("quantize"), ""],
      ["compiling", both("lower"), ""],
      ["the key's check that nothing wraps around", both("checkNoWrap"), "within committing"],
      ["integer pass", both("pass"), ""],
      ["committing / proving, wall", "", `${committing.toFixed(0)} / ${proving.toFixed(0)} s`],
      ["all: wall, processor", "", `${prove.wall.toFixed(0)} s, ${prove.processor.toFixed(0)} s`],
      ["verifying", "", `${(verifyMs / 1000).toFixed(2)} s`],
      ["peak memory", `${peakBeforeMiB} MiB before proving`, `${peakMiB} MiB`],
    ],
  );
}

function most(each: Gpt2Row["segments"]["each"], name: "constraints" | "columns" | "evaluations"): number {
  return Math.max(...each.map((one) => one[name]));
}
