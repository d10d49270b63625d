/**
 * Proofs of random transformers on the CPU backend: LLaMA-shaped decoders by layers, tokens and width, and the shape of GPT-2. Each is measured in a process of its
 * own, so that peaks of memory are its own.
 *
 *   tsx src/bench/transformers/transformers.bench.ts [--out file.json] [--parts layers,tokens,width] [--segments 4] [--note text]
 *
 * The part gpt2 takes minutes and 6 GiB and is measured when it is named. Prints tables; with --out also writes everything as JSON, anew after every process, which `plots.ts` draws. Points that the file has already are measured anew.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { currentLoad, describeMachine } from "../gpu/machine.ts";
import { type DecoderRow, measureDecoder } from "./decoder.ts";
import { type Gpt2Row, measureGpt2 } from "./gpt2.ts";
import { type Point, pointsOf, SIZES } from "./points.ts";
import type { Measured, Report } from "./report.ts";
import { printTables } from "./tables.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    out: { type: "string" },
    parts: { type: "string", default: "layers,tokens,width" },
    segments: { type: "string", default: "4" },
    note: { type: "string" },
    /** What a child process measures, as JSON. */
    child: { type: "string" },
  },
});

if (values.child !== undefined) {
  const wanted = JSON.parse(values.child) as Point | "gpt2";
  const made =
    wanted === "gpt2" ? await measureGpt2(Number(values.segments), (text) => console.error(`  ${text}`)) : await measureDecoder(wanted);
  console.log(JSON.stringify(made));
} else {
  const parts = values.parts.split(",");
  const names = SIZES.filter((name) => parts.includes(name));
  const unknown = parts.find((part) => part !== "gpt2" && !SIZES.some((name) => name === part));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}; parts are ${SIZES.join(", ")}, gpt2`);
  const known = values.out !== undefined && existsSync(values.out) ? (JSON.parse(readFileSync(values.out, "utf8")) as Report) : null;
  const { cpu, cores, memoryGiB, runtime } = describeMachine();
  const machine: Report["machine"] = { cpu, cores, memoryGiB, runtime, note: values.note ?? known?.machine.note ?? null };
  let report: Report = { decoders: [], gpt2: null, ...known, machine };
  const write = (): void => {
    if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(report, null, 1)}\n`);
  };
  for (const point of pointsOf(names)) {
    const row = measured<DecoderRow>(point);
    const isOther = (other: Point): boolean => SIZES.some((name) => other[name] !== point[name]);
    report = { ...report, decoders: [...report.decoders.filter(isOther), row] };
    write();
  }
  if (parts.includes("gpt2")) report = { ...report, gpt2: measured<Gpt2Row>("gpt2") };
  write();
  printTables(report);
}

/** What a process of its own measures. */
function measured<T>(wanted: Point | "gpt2"): T & Measured {
  console.error(JSON.stringify(wanted));
  const { date, commit } = describeMachine();
  const loadBefore = currentLoad();
  const command = [...process.execArgv, import.meta.filename, "--child", JSON.stringify(wanted), "--segments", values.segments];
  const made = JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })) as T;
  return { ...made, measured: { at: date, commit, loadBefore, loadAfter: currentLoad() } };
}
