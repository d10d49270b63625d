/** The proving worker: backends and keys are made once and kept; one run at a time. */

import type { Backend } from "../src/index.ts";
import { commit, cpuBackend, DeviceError, encodeKey, type Key, loadModel, prove } from "../src/index.ts";
import { webgpuModule } from "./gpu.ts";
import type { BackendName, Job, Made, ModelName, Reply, Request } from "./messages.ts";

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
    port.postMessage({ kind: "failed", run, message: error instanceof Error ? error.message : String(error) });
  } finally {
    running.delete(run);
  }
}

async function make(run: number, job: Job, signal: AbortSignal): Promise<Made> {
  port.postMessage({ kind: "prepare", run, preparation: "load" });
  const backend = await kept(backends, job.backend, () => open(job.backend));
  const key = await kept(keys, job.model, async () => {
    const model = await loadModel(job.model, { bundled: job.models });
    port.postMessage({ kind: "prepare", run, preparation: "key" });
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
  const load = webgpuModule();
  if (!load) throw new DeviceError("This build of the page has no GPU prover: choose the CPU");
  return (await load()).webgpuBackend();
}

/** A value made at its first use. A failure is forgotten, so that the next run tries again. */
function kept<K, V>(values: Map<K, Promise<V>>, name: K, make: () => Promise<V>): Promise<V> {
  const value = values.get(name) ?? make();
  values.set(name, value);
  value.catch(() => values.delete(name));
  return value;
}
