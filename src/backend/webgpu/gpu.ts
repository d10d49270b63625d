/** Where WebGPU comes from: `navigator.gpu` in browsers, workers and Deno, or Dawn from the package `webgpu` in Node and Deno. */
import { DeviceError } from "../../errors.ts";

/** `navigator`: the runtime's own. `dawn`: the package `webgpu`. `deno`: Deno's own, which has u64 but reads back slowly. */
export type Provider = "navigator" | "dawn" | "deno";

/** WebGPU's constants: Dawn's package does not define them globally. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80, queryResolve: 0x200 } as const;
export const MAP_READ = 1;
export const COMPUTE_STAGE = 4;

/** Dawn without bounds checks and without zeroing of workgroup memory: kernels stay in bounds and write before they read. */
const UNCHECKED = ["enable-dawn-features=disable_robustness,disable_workgroup_init"];
/** Timestamps in nanoseconds, for measurements. */
const EXACT_TIME = ["disable-dawn-features=timestamp_quantization"];

interface Dawn {
  create(flags: string[]): GPU;
}
interface Runtime {
  readonly navigator?: { readonly gpu?: GPU };
  readonly process?: { readonly env?: Record<string, string | undefined> };
  readonly Deno?: unknown;
}
const runtime = globalThis as Runtime;

/** Dawn's entries, one for each choice of `robustness`: its devices, also closed ones, need theirs until the process ends. */
const instances = new Map<boolean, GPU>();

/** The provider that suits the runtime: its own in a browser, else Dawn. */
export function defaultProvider(): Provider {
  const server = runtime.Deno !== undefined || runtime.process?.env !== undefined;
  return server || runtime.navigator?.gpu === undefined ? "dawn" : "navigator";
}

/**
 * The entry to WebGPU. Dawn's module is loaded from the path in the environment variable WEBGPU_MODULE if it is set.
 * @throws DeviceError if there is none
 */
export async function openGpu(provider: Provider, robustness: boolean): Promise<GPU> {
  if (provider !== "dawn") {
    const gpu = runtime.navigator?.gpu;
    if (gpu === undefined) throw new DeviceError("Cannot find WebGPU: this browser or runtime has no navigator.gpu. Use the CPU backend");
    return gpu;
  }
  const name = runtime.process?.env?.WEBGPU_MODULE ?? "webgpu"; // not a literal in the import, so that a bundler leaves it alone
  let dawn: Dawn;
  try {
    dawn = (await import(/* @vite-ignore */ name)) as Dawn;
  } catch (cause) {
    throw new DeviceError(`Cannot load Dawn from "${name}": install the package webgpu, or use the CPU backend`, { cause });
  }
  const known = instances.get(robustness) ?? dawn.create([...EXACT_TIME, ...(robustness ? [] : UNCHECKED)]);
  instances.set(robustness, known);
  return known;
}
