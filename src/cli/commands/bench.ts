/** `circlet bench`: figures of this machine: a bundled model's proof, the backend's computations, or networks of growing depth. */
import { commit, type Proven, prove, run } from "../../api.ts";
import { measureLayers } from "../../bench/layers.bench.ts";
import { measureVerbs } from "../../bench/verbs.ts";
import { PHASES, type Phase } from "../../prover/prove.ts";
import { verify } from "../../verify.ts";
import { UsageError } from "../failure.ts";
import { readInput } from "../input.ts";
import { breathe, type Io } from "../io.ts";
import { machine, machineText } from "../machine.ts";
import type { BackendFlags, JsonOption } from "../options.ts";
import { aligned, deviceText, print, size, table } from "../output.ts";
import { openModel, withBackend } from "../source.ts";
import { isTransformer } from "../transformers.ts";

export const BENCHES = ["prove", "kernels", "layers"] as const;
export type BenchName = (typeof BENCHES)[number];

export interface BenchOptions extends JsonOption, BackendFlags {
  readonly model: string;
  readonly input: string;
  readonly repeat: number;
}

/** Kernels are timed on tables of 2^18 entries; the reference backend, which is slow, on 2^10. */
const KERNEL_BITS = { fast: 18, slow: 10 } as const;
const LAYERS = [2, 8, 32] as const;

export async function benchCommand(what: BenchName, options: BenchOptions, io: Io): Promise<void> {
  if (what === "prove") return benchProve(options, io);
  if (what === "kernels") return benchKernels(options, io);
  const rows: Awaited<ReturnType<typeof measureLayers>>[] = [];
  for (const layers of LAYERS) {
    await breathe(io.signal);
    io.stderr.write(`${layers} layers ...\n`);
    rows.push(await measureLayers(layers));
  }
  const headings = Object.keys(rows[0] ?? {});
  print(
    io,
    options,
    { bench: what, machine: machine(), rows },
    () =>
      `${table(
        headings,
        rows.map((row) => headings.map((h) => `${row[h]}`)),
      )}\n\n${machineText()}`,
  );
}

async function benchKernels(options: BenchOptions, io: Io): Promise<void> {
  const bits = options.backend === "reference" ? KERNEL_BITS.slow : KERNEL_BITS.fast;
  await withBackend(options, io, async (backend) => {
    const rows = await measureVerbs(backend, bits, options.repeat);
    await breathe(io.signal);
    print(io, options, { bench: "kernels", backend: backend.name, machine: machine(), bits, rows }, () =>
      [
        table(
          ["kernel", "entries", "ms", "M entries/s"],
          rows.map((row) => [row.verb, `${row.entries}`, row.milliseconds.toFixed(2), (row.entriesPerSecond / 1e6).toFixed(1)]),
        ),
        "",
        `${backend.name}; ${machineText()}`,
      ].join("\n"),
    );
  });
}

/** Seconds of one proof. */
type Run = Proven["report"] & { readonly proving: number; readonly verifying: number; readonly inference: number };

/** Times a model's proof; the first run warms up and does not count. */
async function benchProve(options: BenchOptions, io: Io): Promise<void> {
  if (await isTransformer(options.model))
    throw new UsageError("usage", "bench measures networks with classes: for a language model, prove says its times");
  const model = await openModel(options.model);
  const raw = await readInput(options.input, model, io);
  await withBackend(options, io, async (backend) => {
    const committing = await timed(() => commit(model, { backend }));
    const key = committing.value;
    const runs: Run[] = [];
    for (let i = 0; i <= options.repeat; i++) {
      await breathe(io.signal);
      io.stderr.write(`${i === 0 ? "warm-up" : `run ${i} of ${options.repeat}`} ...\n`);
      const proving = await timed(() => prove(key, raw, { backend, signal: io.signal }));
      const verifying = await timed(() => verify(key.verifying, proving.value.proof));
      const inference = await timed(() => run(model, raw));
      runs.push({ ...proving.value.report, proving: proving.seconds, verifying: verifying.seconds, inference: inference.seconds });
    }
    const counted = runs.slice(1);
    const ms = (of: (row: Run) => number): number => 1000 * median(counted.map(of));
    // a device's phases overlap in the runs that count
    const apart =
      counted[0]?.device == null ? null : (await prove(key, raw, { backend, signal: io.signal, awaitPhases: true })).report.seconds;
    const figures = {
      model: model.name,
      modelId: key.id,
      backend: backend.name,
      repeats: options.repeat,
      commitMs: 1000 * committing.seconds,
      inferenceMs: ms((r) => r.inference),
      provingMs: ms((r) => r.proving),
      phasesMs: Object.fromEntries(
        PHASES.map((phase) => [phase, apart === null ? ms((r) => r.seconds[phase]) : 1000 * apart[phase]]),
      ) as Record<Phase, number>,
      verifyingMs: ms((r) => r.verifying),
      proofBytes: counted[0]?.bytes ?? 0,
      bits: counted[0]?.bits ?? 0,
      device: counted[0]?.device ?? null,
    };
    print(io, options, { bench: "prove", machine: machine(), ...figures }, () =>
      aligned([
        ["model", figures.model],
        ["proving", `${figures.provingMs.toFixed(1)} ms, median of ${figures.repeats}`],
        ...PHASES.map((phase) => [`  ${phase}`, `${figures.phasesMs[phase].toFixed(1)} ms`] as const),
        ["verifying", `${figures.verifyingMs.toFixed(1)} ms`],
        ["inference", `${figures.inferenceMs.toFixed(2)} ms`],
        ["committing", `${figures.commitMs.toFixed(0)} ms`],
        ["proof", `${size(figures.proofBytes)} at ${figures.bits.toFixed(2)} proven bits`],
        ...(figures.device === null ? [] : [["device", deviceText(figures.device)] as const]),
        ["on", `${figures.backend}; ${machineText()}`],
      ]),
    );
  });
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - start) / 1000 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
