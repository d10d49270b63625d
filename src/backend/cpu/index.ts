/** The CPU backend: kernels in WebAssembly SIMD over one linear memory of up to 4 GiB, on one thread or several. */
import { WIDTH_16 } from "../../hash/poseidon2-constants.ts";
import type { Backend } from "../backend.ts";
import { Heap } from "./heap.ts";
import { CONSTANTS, MAX_THREADS } from "./layout.ts";
import { compileModule, createMemory, instantiate } from "./module.ts";
import { Pool } from "./pool.ts";
import { openSession } from "./session.ts";
import { Twiddles } from "./twiddles.ts";
import { startWorker, type WorkerHandle } from "./worker.ts";

/** Threads taken by default at most: beyond, memory bandwidth is the limit. */
const DEFAULT_THREADS = 8;

/**
 * Compiles the kernels and starts the worker threads.
 * @param options.threads threads in all, the calling one included, 1 .. 32; by default the hardware's, at most 8. Where memory cannot be shared
 * (a browser page that is not cross-origin isolated) or workers cannot start it is 1: `name` says how many there are.
 * @throws RangeError for another number of threads
 * @throws DeviceError where the runtime has no WebAssembly SIMD or not enough memory
 */
export async function cpuBackend(options: { readonly threads?: number } = {}): Promise<Backend> {
  const wanted = options.threads ?? Math.min(await hardwareThreads(), DEFAULT_THREADS);
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_THREADS)) {
    throw new RangeError(`Cannot start ${wanted} threads: 1 to ${MAX_THREADS} are possible`);
  }
  const shared = wanted > 1 && canShareMemory();
  const module = await compileModule(shared);
  const memory = createMemory(shared);
  const kernels = await instantiate(module, memory);
  const { initial, internal, final } = WIDTH_16;
  new Uint32Array(memory.buffer, CONSTANTS, 142).set([...initial, ...internal, ...final]);
  const pool = new Pool(kernels, memory, shared ? await startWorkers(module, memory, wanted - 1) : []);
  const heap = new Heap(memory);
  const device = { memory, heap, pool, twiddles: new Twiddles(memory, heap) };
  return {
    name: `cpu (wasm simd, ${pool.threads} ${pool.threads === 1 ? "thread" : "threads"})`,
    witness: "host",
    open: () => openSession(device),
    close: async () => pool.close(),
  };
}

/** All or, where workers cannot be started (a page's security policy may forbid them), none. */
async function startWorkers(module: WebAssembly.Module, memory: WebAssembly.Memory, count: number): Promise<WorkerHandle[]> {
  const started = await Promise.allSettled(Array.from({ length: count }, (_, k) => startWorker({ module, memory, thread: k + 1 })));
  const workers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  if (workers.length === count) return workers;
  for (const worker of workers) worker.terminate();
  return [];
}

/** Node has a `navigator` only from version 21 on. */
async function hardwareThreads(): Promise<number> {
  const known = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency;
  if (known !== undefined) return known;
  const specifier = "node:os"; // not a literal in the import, so that a bundler for browsers leaves it alone
  return ((await import(/* @vite-ignore */ specifier)) as typeof import("node:os")).availableParallelism();
}

/** Browsers share memory only with cross-origin isolated pages; Node and Deno always do. */
function canShareMemory(): boolean {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  return typeof SharedArrayBuffer !== "undefined" && (isolated !== false || typeof document === "undefined");
}
