/**
 * Worker threads from text, so that no bundler has to know them. A worker waits on the generation word, then takes chunks as `Pool` does (pool.ts has the
 * layout of the control words and why a late worker does no harm).
 */
import { CONTROL } from "./layout.ts";

/** A started worker. */
export interface WorkerHandle {
  terminate(): void;
}

/** What a worker gets in its first message. */
export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
}

/** Polls before a worker sleeps: about 100 microseconds, since the next call mostly follows at once. */
const POLLS = 10_000;

const SOURCE = `
async function serve({ module, memory, thread }, ready) {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = Object.values(instance.exports).filter((value) => typeof value === "function");
  const control = new Int32Array(memory.buffer, ${CONTROL}, 64);
  let seen = Atomics.load(control, 0);
  ready();
  for (;;) {
    for (let polls = 0; Atomics.load(control, 0) === seen; polls++) if (polls >= ${POLLS}) Atomics.wait(control, 0, seen);
    seen = Atomics.load(control, 0);
    if (Atomics.load(control, 33) !== 0) return;
    for (;;) {
      const claim = Atomics.load(control, 1);
      const next = claim & 4095;
      const [kernel, count, chunk, chunks, operands] = control.subarray(3, 8);
      if (claim >>> 12 !== (seen & 0xfffff) || next >= chunks) break;
      const list = Array.from(control.subarray(8, 8 + operands));
      if (Atomics.compareExchange(control, 1, claim, claim + 1) !== claim) continue;
      try {
        kernels[kernel](next * chunk, Math.min(count, (next + 1) * chunk), thread, ...list);
      } catch {
        Atomics.store(control, 32, 1);
      }
      Atomics.add(control, 2, 1);
      Atomics.notify(control, 2);
    }
  }
}
`;

const NODE_SOURCE = `${SOURCE}
const { workerData, parentPort } = require("node:worker_threads");
serve(workerData, () => parentPort.postMessage("ready"));
`;

const WEB_SOURCE = `${SOURCE}
onmessage = (event) => serve(event.data, () => postMessage("ready")).then(() => close());
`;

/** Starts a worker; resolves when it waits for jobs. An idle worker does not keep Node alive. */
export function startWorker(setup: WorkerSetup): Promise<WorkerHandle> {
  const versions = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions;
  return versions?.node !== undefined ? startNodeWorker(setup) : startWebWorker(setup);
}

async function startNodeWorker(setup: WorkerSetup): Promise<WorkerHandle> {
  const specifier = "node:worker_threads"; // not a literal in the import, so that a bundler for browsers leaves it alone
  const threads = (await import(/* @vite-ignore */ specifier)) as typeof import("node:worker_threads");
  const worker = new threads.Worker(NODE_SOURCE, { eval: true, workerData: setup });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
  });
  worker.unref();
  return { terminate: () => void worker.terminate() };
}

async function startWebWorker(setup: WorkerSetup): Promise<WorkerHandle> {
  const url = URL.createObjectURL(new Blob([WEB_SOURCE], { type: "text/javascript" }));
  try {
    const worker = new Worker(url, { type: "module" });
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(setup);
    });
    (worker as { unref?: () => void }).unref?.();
    return { terminate: () => worker.terminate() };
  } finally {
    URL.revokeObjectURL(url);
  }
}
