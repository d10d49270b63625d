/** The proving worker: backends and keys are made once and kept; one run at a time. */

import type { Backend } from "../src/index.ts";
import { commit, cpuBackend, DeviceError, encodeKey, type Key, loadModel, prove } from "../src/index.ts";
import type { BackendName, Job, Made, ModelName, Preparation, Reply, Request } from "./messages.ts";

const port = globalThis as unknown as {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  onmessage: (event: MessageEvent<Request>) => void;
};
const backends = new Map<BackendName, Promise<Backend>>();
const keys = new Map<ModelName, Promise<Key>>();
const running = new Map<number, AbortController>();

port.onmessage = ({ data }) => {
  if (data.kind === "cancel") running.get(data.run)?.abort();
  else void serve(data.run, data.job);
};

async function serve(run: number, job: Job): Promise<void> {
  const controller = new AbortController();
  running.set(run, controller);
  try {
    const made = await make(run, job, controller.signal);
    port.postMessage({ kind: "made", run, made }, [made.proof.buffer, made.key.buffer]);
  } catch (error) {
    if (error instanceof DeviceError) backends.delete(job.backend); // a lost device stays lost
    port.postMessage({ kind: "failed", run, message: error instanceof Error ? error.message : String(error) });
  } finally {
    running.delete(run);
  }
}

async function make(run: number, job: Job, signal: AbortSignal): Promise<Made> {
  const prepare = (preparation: Preparation) => port.postMessage({ kind: "prepare", run, preparation });
  const backend = await kept(backends, job.backend, () => {
    prepare("open");
    return open(job.backend);
  });
  const key = await kept(keys, job.model, async () => {
    prepare("load");
    const model = await loadModel(job.model, { bundled: job.models });
    prepare("key");
    return commit(model, { backend });
  });
  const { proof, output, report } = await prove(key, job.input, {
    backend,
    signal,
    onProgress: (progress) => port.postMessage({ kind: "progress", run, progress }),
  });
  return { proof: proof.slice(), key: encodeKey(key.verifying).slice(), id: key.id, output, report };
}

async function open(name: BackendName): Promise<Backend> {
  if (name === "cpu") return cpuBackend();
  const { webgpuBackend } = await import("../src/backend/webgpu/index.ts");
  return webgpuBackend({ warm: true });
}

/** A value made at its first use. A failure is forgotten, so that the next run tries again. */
function kept<K, V>(values: Map<K, Promise<V>>, name: K, make: () => Promise<V>): Promise<V> {
  const value = values.get(name) ?? make();
  values.set(name, value);
  value.catch(() => values.delete(name));
  return value;
}
