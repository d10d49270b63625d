/** Whole proofs on WebGPU against the CPU backend with all threads: time by phase, counters, equal bytes. */
import { availableParallelism } from "node:os";
import { commit, type Input, prove } from "../../api.ts";
import type { Backend } from "../../backend/backend.ts";
import { toWords } from "../../backend/columns.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { noCounts } from "../../backend/webgpu/counters.ts";
import { type WebGpuBackend, webgpuBackend } from "../../backend/webgpu/index.ts";
import { loadModel } from "../../model/load.ts";
import { fillDerived } from "../../model/witness.ts";
import { commitSystem } from "../../prover/commit.ts";
import { type Phase, proveSystem } from "../../prover/prove.ts";
import { tensorBytes } from "../../statement/encoding.ts";
import { layeredNetwork } from "../../testing/layered.ts";
import { verify } from "../../verifier/verify.ts";
import { type Context, describeError, type Part, type Row, round } from "./context.ts";

/** Hardware threads, at most what the backend takes. */
const MAX_THREADS = 32;

interface Statement {
  readonly name: string;
  readonly cells: number;
  readonly prove: (backend: Backend) => Promise<Uint8Array>;
  readonly check: (proof: Uint8Array) => void;
}

/** A drawn one: a stroke with soft edges. */
function digit(): Float64Array {
  return Float64Array.from({ length: 784 }, (_, k) => {
    const [y, x] = [Math.floor(k / 28), k % 28];
    return y < 4 || y > 23 ? 0 : Math.max(0, Math.round(255 - 110 * Math.abs(x - 16 + (y - 14) / 5)));
  });
}

async function bundled(name: string, backend: Backend): Promise<Statement> {
  const model = await loadModel(name);
  const key = await commit(model, { backend });
  const input: Input = model.input.kind === "tensor" ? digit() : "un texte en français";
  const cells = key.verifying.system.columns.reduce((n, c) => n + (c.kind === "public" ? 0 : c.shape.reduce((m, s) => m * s, 1)), 0);
  return {
    name,
    cells,
    prove: async (backend) => (await prove(key, input, { backend, onProgress: (p) => clock.enter(p.phase) })).proof,
    check: (proof) => void verify(key.verifying, proof),
  };
}

async function layered(layers: number, width: number, backend: Backend): Promise<Statement> {
  const { built, input, output, run } = layeredNetwork(layers, width);
  const description = {
    name: `${layers} layers of ${width}`,
    input: { kind: "tensor", shape: [width], exponent: 0, range: [0, 2 ** 11 - 1] } as const,
    inputColumn: input,
    output: { labels: Array.from({ length: width }, (_, i) => `${i}`) },
    outputColumn: output,
  };
  const { verifying, weights } = await commitSystem(built, description, backend);
  const x = Int32Array.from({ length: width }, (_, i) => (i * 677) % 2048);
  const { output: index, columns } = run(x);
  const witness = columns.set(input, x).set(output, Int32Array.of(index));
  fillDerived(built, witness);
  const assignment = { input: tensorBytes(x), output: index, witness: (id: number) => toWords(witness.get(id) ?? new Int32Array()) };
  return {
    name: description.name,
    cells: layers * width * (width + 4),
    prove: (backend) => proveSystem(verifying, weights, assignment, { backend, onProgress: (p) => clock.enter(p.phase) }),
    check: (proof) => void verify(verifying, proof),
  };
}

/** Milliseconds between changes of phase. */
class Clock {
  times = new Map<string, number>();
  #phase: Phase | null = null;
  #since = 0;
  enter(phase: Phase | null): void {
    const now = performance.now();
    if (this.#phase !== null) this.times.set(this.#phase, (this.times.get(this.#phase) ?? 0) + now - this.#since);
    this.#phase = phase;
    this.#since = now;
  }
  start(): void {
    this.times = new Map();
    this.#phase = null;
  }
}
const clock = new Clock();

interface Timed {
  readonly proof: Uint8Array;
  readonly milliseconds: number;
  readonly phases: string;
}

/** The middle of `repeats` proofs after one to warm up; with 0 that one. */
async function timeProof(statement: Statement, backend: Backend, repeats: number, onStart: () => void = () => {}): Promise<Timed> {
  const runs: Timed[] = [];
  for (let k = 0; k <= repeats; k++) {
    clock.start();
    onStart();
    const start = performance.now();
    const proof = await statement.prove(backend);
    const milliseconds = performance.now() - start;
    clock.enter(null);
    const phases = [...clock.times].map(([phase, ms]) => `${phase} ${ms.toFixed(1)}`).join(", ");
    if (k > 0 || repeats === 0) runs.push({ proof, milliseconds, phases });
  }
  runs.sort((a, b) => a.milliseconds - b.milliseconds);
  const middle = runs[Math.floor(runs.length / 2)];
  if (middle === undefined) throw new RangeError("no runs");
  return middle;
}

async function measure(statement: Statement, gpu: WebGpuBackend, cpu: Backend, repeats: number): Promise<Row> {
  let before = { ...gpu.counters };
  const onGpu = await timeProof(statement, gpu, repeats, () => {
    before = { ...gpu.counters }; // the last run's count
  });
  const counts = noCounts();
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] = gpu.counters[name] - before[name];
  statement.check(onGpu.proof);
  const onCpu = await timeProof(statement, cpu, repeats - 1); // nothing to compile
  const equal = onGpu.proof.length === onCpu.proof.length && onGpu.proof.every((byte, k) => byte === onCpu.proof[k]);
  return {
    statement: statement.name,
    cells: statement.cells,
    milliseconds: round(onGpu.milliseconds),
    cpuMilliseconds: round(onCpu.milliseconds),
    cpuOverGpu: round(onCpu.milliseconds / onGpu.milliseconds, 3),
    proofBytes: onGpu.proof.length,
    bytesEqual: equal,
    ...counts,
    deviceMiB: round(gpu.memory() / 2 ** 20),
    cpuBackend: cpu.name,
    phasesMilliseconds: onGpu.phases,
    cpuPhasesMilliseconds: onCpu.phases,
  };
}

async function run(
  context: Context,
  statements: readonly [string, (cpu: Backend) => Promise<Statement>][],
  repeats: number,
): Promise<void> {
  const { options, add, skip, log } = context;
  const cpu = await cpuBackend({ threads: Math.min(availableParallelism(), MAX_THREADS) });
  const gpu = await webgpuBackend({ adapter: options.provider });
  for (const [name, make] of statements) {
    if (skip(name)) break;
    try {
      const statement = await make(cpu);
      log(`${name}: committed`);
      add(await measure(statement, gpu, cpu, repeats));
    } catch (error) {
      add({ statement: name, error: describeError(error) });
    }
    log(name);
  }
  await gpu.close();
  await cpu.close();
}

const network = (layers: number, width: number): [string, (cpu: Backend) => Promise<Statement>] => [
  `${layers} layers of ${width}`,
  (cpu) => layered(layers, width, cpu),
];

/** The bundled models, and layers whose number grows while their width does not. */
export const proofs: Part = {
  name: "proofs",
  run: (context) => {
    const models = ["lande", "mnist-small"].map((name): [string, (cpu: Backend) => Promise<Statement>] => [
      name,
      (cpu) => bundled(name, cpu),
    ]);
    const networks = [2, 8, 32, ...(context.options.small ? [] : [128])].map((layers) => network(layers, 48));
    return run(context, [...models, ...networks], context.raw.isCpu ? 1 : 3);
  },
};

/** Networks that are real work. */
export const large: Part = {
  name: "large",
  run: (context) => {
    const shapes: readonly (readonly [number, number])[] = context.options.small
      ? [[2, 256]]
      : context.raw.isCpu
        ? [[4, 512]]
        : [
            [8, 512],
            [8, 1024],
            [128, 256],
            [32, 1024],
            [80, 1024],
          ];
    return run(
      context,
      shapes.map(([layers, width]) => network(layers, width)),
      1,
    );
  },
};
