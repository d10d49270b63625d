/** Models, keys and backends as the command line names them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../backend/backend.ts";
import type { Provider } from "../backend/webgpu/gpu.ts";
import { BUNDLED_MODELS, type LoadOptions, loadModel, loadSource, type Model, type ModelSource } from "../model/load.ts";
import { blaming, UsageError } from "./failure.ts";
import { kindOf, readOrReason } from "./files.ts";
import type { Io } from "./io.ts";
import { printable } from "./output.ts";

/**
 * `auto` is `cpu` on every machine: the same command takes the same way everywhere, and a model that is proven in a fraction of a second has its proof
 * before a GPU has compiled the kernels. A GPU is asked for by name.
 */
export const BACKENDS = ["auto", "cpu", "webgpu", "reference"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Where WebGPU comes from. */
export const PROVIDERS = ["dawn", "deno"] as const satisfies readonly Provider[];

export interface BackendOptions {
  readonly backend: BackendName;
  readonly threads?: number;
  readonly provider?: Provider;
  readonly robustness?: boolean;
  readonly fallback?: boolean;
}

/** Language models that are part of the package. */
export const BUNDLED_TRANSFORMERS = ["ishmael"] as const;

/** A URL; a single letter would be a drive. */
const ADDRESS = /^[a-z][a-z+.-]+:\/\/\S+$/i;

/** Whether an argument names a model: a bundled name, a folder, an .onnx file, an address. */
export async function isModel(source: string): Promise<boolean> {
  if ((BUNDLED_MODELS as readonly string[]).includes(source)) return true;
  return /\.onnx$/i.test(source) || ADDRESS.test(source) || (await kindOf(source)) === "folder";
}

/** Loads and compiles a model. @throws UsageError (model, file) if there is none or it cannot be proven */
export async function openModel(source: string, options: LoadOptions = {}): Promise<Model> {
  await checkSource(source);
  return loading(source, () => loadModel(source, { read: readLocation, ...options }));
}

/** Reads a model's files. @throws UsageError (model, file) if there are none */
export async function openSource(source: string, options: Pick<LoadOptions, "description"> = {}): Promise<ModelSource> {
  await checkSource(source);
  return loading(source, () => loadSource(source, { read: readLocation, ...options }));
}

/** Runs a step of loading `source`; a model that cannot be used becomes a UsageError that names it. */
export async function loading<T>(source: string, work: () => T | Promise<T>): Promise<T> {
  const say = (message: string): string => {
    if (!/^Cannot/.test(message)) return `Cannot load ${source}: ${message}`;
    return message.includes(source) ? message : `${source}: ${message}`;
  };
  return blaming("model", say, work);
}

async function checkSource(source: string): Promise<void> {
  if ((BUNDLED_MODELS as readonly string[]).includes(source) || ADDRESS.test(source)) return;
  const kind = await kindOf(source);
  const bundled = [...BUNDLED_MODELS, ...BUNDLED_TRANSFORMERS].join(", ");
  if (kind === null) throw new UsageError("model", `Unknown model ${source || '""'}: neither bundled (${bundled}) nor a file or folder`);
  if (kind !== "folder" && !/\.onnx$/i.test(source))
    throw new UsageError("model", `${source} is no model: want a folder, an .onnx file or a .gguf file`);
  if (kind === "folder" && (await kindOf(join(source, "model.onnx"))) === null)
    throw new UsageError("model", `The folder ${source} has no model: neither model.onnx nor the config.json of a language model`);
}

/** Reads a path, a file URL or an address. @throws Error whose message is the reason alone */
export async function readLocation(location: string): Promise<Uint8Array> {
  if (location.startsWith("file:")) return readOrReason(fileURLToPath(location));
  if (!ADDRESS.test(location)) return readOrReason(location);
  const response = await fetch(location);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Opens a backend, gives it to `work` and closes it, whatever happens. A fallback is told on standard error. */
export async function withBackend<T>(options: BackendOptions, io: Pick<Io, "stderr">, work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await openBackend(options, io);
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}

async function openBackend(options: BackendOptions, io: Pick<Io, "stderr">): Promise<Backend> {
  const { backend, provider, robustness, fallback } = options;
  const onGpu = backend === "webgpu";
  if (!onGpu && (provider !== undefined || robustness !== undefined || fallback !== undefined))
    throw new UsageError("usage", "--provider, --robustness and --fallback are for --backend webgpu");
  if (onGpu && options.threads !== undefined && fallback !== true) throw new UsageError("usage", "--threads is for the cpu backend");
  if (backend === "reference") return (await import("../backend/reference/index.ts")).referenceBackend();
  const openCpu = async (): Promise<Backend> =>
    (await import("../backend/cpu/index.ts")).cpuBackend(options.threads === undefined ? {} : { threads: options.threads });
  if (!onGpu) return openCpu();
  const openGpu = async (): Promise<Backend> =>
    (await import("../backend/webgpu/index.ts")).webgpuBackend({ adapter: provider, robustness });
  if (fallback !== true) return openGpu();
  const { firstBackend } = await import("../backend/fallback.ts");
  return firstBackend([openGpu, openCpu], (error, next) =>
    io.stderr.write(`circlet: ${printable(error.message, 1000)}; now on ${next.name}\n`),
  );
}
