/** Compiles the embedded kernels and makes their memory: no fetch and no file, so that it loads the same everywhere. */
import { DeviceError } from "../../errors.ts";
import { KERNELS_BASE64, MEMORY_FLAG } from "./kernels.gen.ts";

/** lo, hi, thread, operands. */
export type Kernel = (lo: number, hi: number, thread: number, ...operands: number[]) => void;

/** Pages of 64 KiB: 4 GiB, and what is tried where a runtime does not reserve that much. */
const MAXIMUM_PAGES = [65536, 32768, 16384, 8192];
const INITIAL_PAGES = 64;

/** @throws DeviceError where the runtime has no WebAssembly SIMD */
export async function compileModule(shared: boolean): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0));
  if (shared) bytes[MEMORY_FLAG.offset] = MEMORY_FLAG.shared;
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new DeviceError("This runtime cannot compile WebAssembly SIMD", { cause });
  }
}

/** @throws DeviceError if even 512 MiB cannot be reserved */
export function createMemory(shared: boolean): WebAssembly.Memory {
  let cause: unknown;
  for (const maximum of MAXIMUM_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
    } catch (error) {
      cause = error;
    }
  }
  throw new DeviceError("Cannot reserve 512 MiB of WebAssembly memory", { cause });
}

/** The kernels by name, in one order for all threads. */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Map<string, Kernel>> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const entries = Object.entries(instance.exports).filter(([, value]) => typeof value === "function");
  return new Map(entries as [string, Kernel][]);
}
