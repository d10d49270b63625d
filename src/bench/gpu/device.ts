/** A device without the backend, for what is measured beside it: limits, latencies, a plain copy, products. */
import { openGpu, type Provider, USAGE } from "../../backend/webgpu/gpu.ts";
import { perCall, type Timing } from "./timing.ts";

const RAISED = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;
const MAX_GROUPS = 32768;
const MAP_READ = 1;
/** Dispatches a command buffer. */
const BATCH = 1024;

export class RawDevice {
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  readonly u64: boolean;
  #failure: string | null = null;

  private constructor(adapter: GPUAdapter, device: GPUDevice, u64: boolean) {
    this.adapter = adapter;
    this.device = device;
    this.u64 = u64;
    device.addEventListener("uncapturederror", (event) => {
      this.#failure ??= event.error.message;
    });
  }

  static async open(provider: Provider, robustness: boolean, features: readonly GPUFeatureName[] = []): Promise<RawDevice> {
    return RawDevice.from(await openGpu(provider, robustness), provider, features);
  }

  static async from(gpu: GPU, provider: Provider, features: readonly GPUFeatureName[] = []): Promise<RawDevice> {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) throw new Error(`no adapter from ${provider}`);
    const requiredLimits = Object.fromEntries(RAISED.map((limit) => [limit, adapter.limits[limit]]));
    if (provider === "deno") {
      try {
        const requiredFeatures = [...features, "wgpu-shader-int64" as GPUFeatureName];
        return new RawDevice(adapter, await adapter.requestDevice({ requiredLimits, requiredFeatures }), true);
      } catch {
        // the adapter has no 64-bit integers
      }
    }
    return new RawDevice(adapter, await adapter.requestDevice({ requiredLimits, requiredFeatures: [...features] }), false);
  }

  /** Whether the adapter is a CPU implementation. */
  get isCpu(): boolean {
    const { description, device, vendor, architecture } = this.adapter.info;
    return /llvmpipe|lavapipe|swiftshader|software/i.test([description, device, vendor, architecture].join(" "));
  }

  buffer(bytes: number): GPUBuffer {
    return this.device.createBuffer({ size: bytes, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget });
  }

  /** A buffer filled with words. */
  upload(words: Uint32Array<ArrayBuffer>, usage: number = USAGE.storage | USAGE.copySource | USAGE.copyTarget): GPUBuffer {
    const buffer = this.device.createBuffer({ size: words.byteLength, usage });
    this.device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }

  pipeline(code: string): GPUComputePipeline {
    return this.device.createComputePipeline({
      layout: "auto",
      compute: { module: this.device.createShaderModule({ code }), entryPoint: "main" },
    });
  }

  /** Buffers as bindings 0, 1, ... (or the given first one) of a group. */
  bind(pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[], group = 0, first = 0): GPUBindGroup {
    const entries = buffers.map((buffer, k) => ({ binding: first + k, resource: { buffer } }));
    return this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(group), entries });
  }

  /** Queues `count` dispatches of so many workgroups, which each wait for the one before. */
  dispatch(pipeline: GPUComputePipeline, groups: readonly GPUBindGroup[], workgroups: number, count: number): void {
    for (let done = 0; done < count; done += BATCH) {
      const encoder = this.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      for (const [k, group] of groups.entries()) pass.setBindGroup(k, group);
      for (let k = done; k < Math.min(count, done + BATCH); k++)
        pass.dispatchWorkgroups(Math.min(workgroups, MAX_GROUPS), Math.ceil(workgroups / MAX_GROUPS));
      pass.end();
      this.device.queue.submit([encoder.finish()]);
    }
  }

  /** Time of one dispatch among many. */
  async time(pipeline: GPUComputePipeline, groups: readonly GPUBindGroup[], workgroups: number): Promise<Timing> {
    const timing = await perCall(async (calls) => {
      this.dispatch(pipeline, groups, workgroups, calls);
      await this.device.queue.onSubmittedWorkDone();
    });
    this.check();
    return timing;
  }

  /** The first bytes of a buffer. */
  async read(buffer: GPUBuffer, bytes: number): Promise<Uint32Array> {
    const staging = this.device.createBuffer({ size: bytes, usage: USAGE.mapRead | USAGE.copyTarget });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const words = new Uint32Array(staging.getMappedRange()).slice();
    staging.destroy();
    return words;
  }

  /** @throws what the device has reported */
  check(): void {
    if (this.#failure !== null) throw new Error(`the GPU refused a command: ${this.#failure}`);
  }

  close(): void {
    this.device.destroy();
  }
}
