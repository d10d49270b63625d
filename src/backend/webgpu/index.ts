/** The WebGPU backend: every verb in WGSL, columns, challenges and sponge on the device. One code for browsers, Deno and Node. */
import { KERNELS, transcriptOf } from "../../../shaders/index.ts";
import type { Kernel } from "../../../shaders/kernel.ts";
import { FAMILIES } from "../../../shaders/transcript/program.ts";
import { DeviceError } from "../../errors.ts";
import type { Backend } from "../backend.ts";
import type { Counters } from "./counters.ts";
import { adapterName, openDevice } from "./device.ts";
import { defaultProvider, openGpu, type Provider } from "./gpu.ts";
import { Twiddles } from "./line.ts";
import { type KernelTime, Profile } from "./profile.ts";
import { Recorder } from "./recorder.ts";
import { openSession } from "./session.ts";

export interface WebGpuOptions {
  /** Where WebGPU comes from; by default the browser's own, or Dawn in Node and Deno. */
  readonly adapter?: Provider | undefined;
  readonly powerPreference?: "low-power" | "high-performance" | undefined;
  /** Bounds checks in kernels. Off by default with Dawn in Node and Deno; browsers always have them. */
  readonly robustness?: boolean | undefined;
  /** Whether subgroup operations are used where the device has them: by default yes. */
  readonly subgroups?: boolean | undefined;
  /** Bytes of device memory at most; by default what the device can address. */
  readonly maxBytes?: number | undefined;
  /** Bytes of a page, a power of two, at most what can be bound at once; smaller ones are for tests. */
  readonly pageBytes?: number | undefined;
  /**
   * Products in K up to which work between two messages goes into the transcript's one workgroup, not into a dispatch of its own. By default 0 on adapters that are
   * CPUs: a dispatch costs them less than compiling the larger kernels.
   */
  readonly soloProducts?: number | undefined;
  /** Limits to ask for: all that the adapter has, or those that every adapter has (bindings of 128 MiB), for tests. */
  readonly limits?: "adapter" | "default" | undefined;
  /** Whether the time of every dispatch is measured: for benches, as it takes time itself. */
  readonly profile?: boolean | undefined;
  /** Compiles all kernels at once instead of at their first use: by default on GPUs. Adapters that are CPUs have fewer cores for it than kernels. */
  readonly warm?: boolean | undefined;
}

/** A backend with figures for reports. */
export interface WebGpuBackend extends Backend {
  /** Counts since the backend was opened; they only grow. */
  readonly counters: Readonly<Counters>;
  /** Time by kernel since the last call, the longest first; undefined unless asked for. */
  readonly profile: (() => Promise<KernelTime[]>) | undefined;
  /** Bytes of device memory taken. */
  memory(): number;
}

/** Storage buffers that are not pages. */
const OTHER_BUFFERS = 2;
/** Words are addressed in 32 bits. */
const ADDRESSABLE_BYTES = 2 ** 34;
const LARGEST_PAGE = 2 ** 30;
const ELEMENT_BYTES = 16;
const SOLO_PRODUCTS = 2 ** 13;

/**
 * Opens a device. Close the backend to release it.
 * @throws DeviceError if there is no WebGPU or no adapter, or the adapter cannot do what is needed
 */
export async function webgpuBackend(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  const provider = options.adapter ?? defaultProvider();
  const gpu = await openGpu(provider, options.robustness ?? false);
  const adapter = await gpu.requestAdapter({ powerPreference: options.powerPreference ?? "high-performance" });
  if (adapter === null) throw new DeviceError("Cannot find a GPU adapter: no driver offers one to WebGPU. Use the CPU backend");
  const { device, features } = await openDevice(adapter, provider, options);
  const profile = options.profile === true ? new Profile(device) : null;
  const { pageBits, slots } = pageSizes(device.limits, options);
  const recorder = new Recorder(device, slots, { pageBits, ...features }, profile);
  const lineTables = { twiddles: new Twiddles(recorder, 0), inverses: new Twiddles(recorder, 1) };
  const soloProducts = options.soloProducts ?? (adapter.info.isFallbackAdapter ? 0 : SOLO_PRODUCTS);
  if (options.warm ?? !adapter.info.isFallbackAdapter) await recorder.warm(kernelsFor(soloProducts));
  return {
    name: `webgpu (${adapterName(adapter)}, ${provider}${features.u64 ? ", u64" : ""}${features.subgroup > 0 ? `, subgroups of ${features.subgroup}` : ""})`,
    witness: "device",
    counters: recorder.counters,
    profile: profile === null ? undefined : () => profile.take(),
    memory: () => recorder.pages.bytes(),
    open: () => openSession(recorder, lineTables, soloProducts),
    finished: async () => {
      recorder.submit();
      await device.queue.onSubmittedWorkDone();
    },
    close: async () => recorder.destroy(),
  };
}

/** What proofs use: without solo work, one of the transcript's families. */
function kernelsFor(soloProducts: number): Kernel[] {
  const [first, ...others] = FAMILIES.map(transcriptOf);
  return soloProducts > 0 ? [...KERNELS] : KERNELS.filter((kernel) => kernel === first || !others.includes(kernel));
}

/** The largest pages that can be bound, and how many. */
function pageSizes(limits: GPUSupportedLimits, options: WebGpuOptions): { pageBits: number; slots: number } {
  const bound = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, LARGEST_PAGE, options.pageBytes ?? LARGEST_PAGE);
  const pageBits = Math.floor(Math.log2(bound / ELEMENT_BYTES));
  const pageBytes = ELEMENT_BYTES * 2 ** pageBits;
  const most = Math.min(ADDRESSABLE_BYTES, options.maxBytes ?? ADDRESSABLE_BYTES) / pageBytes;
  const slots = Math.min(limits.maxStorageBuffersPerShaderStage - OTHER_BUFFERS, Math.floor(most));
  if (slots < 1)
    throw new DeviceError(
      `Cannot work in ${options.maxBytes} bytes of device memory: a page has ${pageBytes}. Allow more, or use the CPU backend`,
    );
  return { pageBits, slots };
}
