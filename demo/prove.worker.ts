/**
 * The proving worker: backends and keys are made once and kept; one run at a time. Where the GPU fails, the CPU makes the proof, and the next run tries the
 * GPU again.
 */
import type { Backend } from "../src/index.ts";
import { commit, cpuBackend, DeviceError, encodeKey, firstBackend, type Key, loadModel, prove } from "../src/index.ts";
import type { BackendName, Job, Made, ModelName, Preparation, Reply, Request } from "./messages.ts";

const port = globalThis as unknown as {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  onmessage: (event: MessageEvent<Request>) => void;
};
const backends = new Map<BackendName, Promise<Backend>>();
const keys = new Map<ModelName, Promise<Key>>();
const running = new Map<number, AbortController>();
/** Why the GPU failed in this run. */
let fallback: string | undefined;

port.onmessage = ({ data }) => {
  if (data.kind === "cancel") running.get(data.run)?.abort();
  else void serve(data.run, data.job);
};

async function serve(run: number, job: Job): Promise<void> {
  const controller = new AbortController();
  running.set(run, controller);
  fallback = undefined;
  try {
    const made = await make(run, job, controller.signal);
    port.postMessage({ kind: "made", run, made }, [made.proof.buffer, made.key.buffer]);
  } catch (error) {
    if (error instanceof DeviceError) await forget(job.backend);
    port.postMessage({ kind: "failed", run, message: error instanceof Error ? error.message : String(error) });
  } finally {
    running.delete(run);
    if (fallback !== undefined) await forget("webgpu");
  }
}

async function make(run: number, job: Job, signal: AbortSignal): Promise<Made> {
  const prepared: Partial<Record<Preparation, number>> = {};
  const prepare = async <T>(preparation: Preparation, work: () => Promise<T>): Promise<T> => {
    port.postMessage({ kind: "prepare", run, preparation });
    const start = performance.now();
    const value = await work();
    prepared[preparation] = (performance.now() - start) / 1000;
    return value;
  };
  const backend = await kept(backends, job.backend, () => prepare("open", () => open(job.backend)));
  const key = await kept(keys, job.model, async () => {
    const model = await prepare("load", () => loadModel(job.model, { bundled: job.models }));
    return prepare("key", () => commit(model, { backend }));
  });
  const { proof, output, report } = await prove(key, job.input, {
    backend,
    signal,
    awaitPhases: true,
    onProgress: (progress) => port.postMessage({ kind: "progress", run, progress }),
  });
  return { proof: proof.slice(), key: encodeKey(key.verifying).slice(), id: key.id, output, report, prepared, fallback };
}

async function open(name: BackendName): Promise<Backend> {
  if (name === "cpu") return cpuBackend();
  const { webgpuBackend } = await import("../src/backend/webgpu/index.ts");
  return firstBackend([() => webgpuBackend({ warm: true }), cpuBackend], (error) => {
    fallback = error.message;
  });
}

/** Closes a backend, so that the next run opens it anew. */
async function forget(name: BackendName): Promise<void> {
  const backend = backends.get(name);
  backends.delete(name);
  await (await backend)?.close();
}

/** A value made at its first use. A failure is forgotten, so that the next run tries again. */
function kept<K, V>(values: Map<K, Promise<V>>, name: K, make: () => Promise<V>): Promise<V> {
  const value = values.get(name) ?? make();
  values.set(name, value);
  value.catch(() => values.delete(name));
  return value;
}
