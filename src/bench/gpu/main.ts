/**
 * Benches of the WebGPU backend, in Node, in Deno, or bundled on a machine with Deno and Dawn alone (`src/bench/gpu.sh`):
 *
 *   tsx src/bench/gpu/main.ts [--parts probe,kernels,...] [--provider dawn|deno] [--small] [--out file.json] [--budget seconds] [--note text]
 *
 * Prints a table a part; with --out also writes everything as one JSON object, anew after every part. A part that fails leaves its error there and the others run.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Provider } from "../../backend/webgpu/gpu.ts";
import { commitment } from "./commitment.ts";
import { compile } from "./compile.ts";
import { conformance } from "./conformance.ts";
import { describeError, type Part, type Row } from "./context.ts";
import { decoders } from "./decoders.ts";
import { RawDevice } from "./device.ts";
import { kernels, paging, restriction, settings } from "./kernels.ts";
import { currentLoad, describeAdapter, describeMachine } from "./machine.ts";
import { probe } from "./probe.ts";
import { products } from "./products.ts";
import { profile } from "./profile.ts";
import { large, proofs } from "./proofs.ts";
import { lazyRates } from "./rates.ts";
import { rounds } from "./rounds.ts";
import { solo } from "./solo.ts";
import { witness } from "./witness.ts";

const PARTS: readonly Part[] = [
  probe,
  products,
  restriction,
  kernels,
  rounds,
  commitment,
  witness,
  proofs,
  large,
  decoders,
  profile,
  conformance,
  solo,
  compile,
  settings,
  paging,
];
const PROVIDERS: readonly string[] = ["dawn", "deno", "navigator"] satisfies Provider[];

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    parts: { type: "string", default: PARTS.map((part) => part.name).join(",") },
    provider: { type: "string", default: "dawn" },
    small: { type: "boolean", default: false },
    out: { type: "string" },
    budget: { type: "string", default: "60" },
    note: { type: "string" },
  },
});
const chosen = values.parts.split(",").map((name) => {
  const part = PARTS.find((known) => known.name === name);
  if (part === undefined) throw new Error(`There is no part ${name}; parts are ${PARTS.map((p) => p.name).join(", ")}`);
  return part;
});
if (!PROVIDERS.includes(values.provider)) throw new Error(`There is no provider ${values.provider}`);
const options = { provider: values.provider as Provider, small: values.small, budget: Number(values.budget) };

const start = performance.now();
const progress = (text: string): void => console.error(`${((performance.now() - start) / 1000).toFixed(1).padStart(7)} s  ${text}`);
const machine = describeMachine();
const raw = await RawDevice.open(options.provider, false);
const report: Record<string, unknown> = {
  ...machine,
  ...describeAdapter(raw, machine.nvidiaSmi),
  provider: options.provider,
  robustness: options.provider !== "dawn" ? "the runtime's" : "off unless a row says otherwise",
  small: options.small,
  note: values.note ?? null,
  parts: {},
};
const parts = report.parts as Record<string, { seconds: number; rows: Row[]; error?: string }>;
const rates = lazyRates(raw);
progress(`${report.adapter}, ${options.provider}`);

/** What there is of a part, into the report and its file. */
function write(name: string, began: number, rows: Row[], error: string | undefined): void {
  const seconds = Math.round((performance.now() - began) / 10) / 100;
  report.loadAtEnd = currentLoad();
  parts[name] = { seconds, rows, ...(error === undefined ? {} : { error }) };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(report, null, 1)}\n`);
}

for (const part of chosen) {
  const rows: Row[] = [];
  const began = performance.now();
  const left = (): number => options.budget - (performance.now() - began) / 1000;
  const log = (text: string): void => progress(`${part.name}: ${text}`);
  const skip = (what: string): boolean => {
    if (left() > 0) return false;
    log(`${what} and what follows: left out, out of time`);
    add({ leftOut: `${what} and what follows`, reason: `over ${options.budget} s` });
    return true;
  };
  const add = (row: Row): void => {
    rows.push(row);
    write(part.name, began, rows, "not finished");
  };
  let error: string | undefined;
  try {
    await part.run({ options, raw, rates, left, log, skip, add });
  } catch (cause) {
    error = describeError(cause);
    progress(`${part.name}: ${error}`);
  }
  write(part.name, began, rows, error);
  progress(`${part.name}: ${error === undefined ? "done" : "failed"}`);
  console.log(part.name);
  console.table(rows);
}
raw.close();
// Dawn and worker threads may keep the process
process.exit(Object.values(parts).some((part) => part.error !== undefined) ? 1 : 0);
