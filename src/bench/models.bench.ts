/**
 * Proving the bundled models on the CPU backend: time by phase, against integer inference, verifying time, proof size, peak memory. Each row is measured in a process of
 * its own. `tsx src/bench/models.bench.ts [--write file.json]`; with a model and a number of threads it prints that one row as JSON.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { commit, cpuBackend, type Input, loadModel, prove, run, verify } from "../index.ts";
import { loadMnist, PIXELS } from "../model/mnist/data.ts";
import { proofSizes } from "../proof/sizes.ts";

const REPEAT = 7;

interface Row {
  readonly model: string;
  readonly backend: string;
  readonly cells: number;
  readonly lookups: number;
  readonly commitMs: number;
  readonly inferenceMs: number;
  readonly provingMs: number;
  readonly phasesMs: Readonly<Record<string, number>>;
  readonly verifyingMs: number;
  readonly proofBytes: number;
  readonly parts: readonly { readonly part: string; readonly bytes: number }[];
  readonly bits: number;
  readonly peakMiB: number;
}

async function measure(name: string, threads: number): Promise<Row> {
  const backend = await cpuBackend({ threads });
  const model = await loadModel(name);
  const { value: key, ms: commitMs } = await timed(() => commit(model, { backend }));
  const input: Input =
    model.input.kind === "tensor" ? Float64Array.from(loadMnist("test").images.subarray(0, PIXELS)) : "un texte en français";
  await prove(key, input, { backend }); // warm-up
  const proven = [];
  for (let i = 0; i < REPEAT; i++) proven.push(await timed(() => prove(key, input, { backend })));
  const middle = median(proven, (p) => p.ms);
  const { proof, report } = middle.value;
  const inference = [];
  const verifying = [];
  for (let i = 0; i < REPEAT; i++) {
    inference.push(await timed(async () => run(model, input)));
    verifying.push(await timed(async () => verify(key.verifying, proof)));
  }
  await backend.close();
  const { columns, lookups } = key.verifying.system;
  const size = (shape: readonly number[]) => shape.reduce((n, s) => n * s, 1);
  return {
    model: name,
    backend: backend.name,
    cells: columns.reduce((n, c) => n + (c.kind === "public" ? 0 : size(c.shape)), 0),
    lookups: lookups.reduce((n, l) => n + size(columns[l.columns[0] ?? 0]?.shape ?? []), 0),
    commitMs,
    inferenceMs: median(inference, (x) => x.ms).ms,
    provingMs: middle.ms,
    phasesMs: Object.fromEntries(Object.entries(report.seconds).map(([phase, s]) => [phase, 1000 * s])),
    verifyingMs: median(verifying, (x) => x.ms).ms,
    proofBytes: proof.length,
    parts: proofSizes(key.verifying, proof),
    bits: report.bits,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

function median<T>(list: readonly T[], of: (item: T) => number): T {
  const sorted = [...list].sort((a, b) => of(a) - of(b));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError("median of nothing");
  return middle;
}

const [first, second] = process.argv.slice(2);
if (first !== undefined && first !== "--write") {
  console.log(JSON.stringify(await measure(first, Number(second ?? 2))));
} else {
  const rows: Row[] = [];
  for (const model of ["lande", "mnist-small"])
    for (const threads of [1, 2]) {
      const command = [...process.execArgv, import.meta.filename, model, `${threads}`];
      rows.push(JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })));
    }
  console.table(
    rows.map((r) => ({
      model: r.model,
      backend: r.backend,
      "look-ups": r.lookups,
      "inference ms": r.inferenceMs.toFixed(2),
      "proving ms": r.provingMs.toFixed(0),
      ratio: (r.provingMs / r.inferenceMs).toFixed(0),
      "verifying ms": r.verifyingMs.toFixed(1),
      "proof KiB": (r.proofBytes / 1024).toFixed(1),
      bits: r.bits.toFixed(1),
      "peak MiB": r.peakMiB.toFixed(0),
    })),
  );
  for (const r of rows)
    console.log(
      `${r.model}, ${r.backend}: ${Object.entries(r.phasesMs)
        .map(([p, ms]) => `${p} ${ms.toFixed(1)} ms`)
        .join(", ")}`,
    );
  for (const r of rows.filter((_, i) => i % 2 === 0)) console.log(`${r.model}: ${r.parts.map((p) => `${p.part} ${p.bytes} B`).join(", ")}`);
  const machine = {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    runtime: `node ${process.version}`,
  };
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.runtime}`);
  if (first === "--write" && second !== undefined) writeFileSync(second, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
}
