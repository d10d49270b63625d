/**
 * Records dispatches into few command buffers: one open pass, parameters of all dispatches in one buffer with dynamic offsets, submitted after BATCH dispatches
 * or where something is read. Pipelines are cached by kernel and number of bound pages, which determine the text.
 */

import type { Features, Kernel } from "../../../shaders/kernel.ts";
import { WIDTH_16 } from "../../hash/poseidon2-constants.ts";
import { ensure } from "../check.ts";
import { type Counters, noCounts } from "./counters.ts";
import { COMPUTE_STAGE, USAGE } from "./gpu.ts";
import { Pages } from "./pages.ts";
import type { Profile } from "./profile.ts";
import { Reader } from "./reader.ts";
import { Residents } from "./residents.ts";
import { watch } from "./watch.ts";

/** Dispatches a command buffer: the device starts while more are recorded. */
const BATCH = 64;
/** Bytes of parameters that one dispatch can see, and that a batch takes at most. */
const WINDOW = 2 ** 16;
const BATCH_BYTES = 2 ** 18;
/** A device's default for minStorageBufferOffsetAlignment, in words. */
const ALIGNMENT = 64;
const MAX_GROUPS = 65535;

/** What a session binds beside the pages: parameters, its nonce, round constants. */
export interface Channel {
  readonly group: GPUBindGroup;
  readonly found: GPUBuffer;
}

interface Pipelines {
  readonly layout: GPUPipelineLayout;
  readonly pages: GPUBindGroupLayout;
  readonly byKernel: Map<Kernel, GPUComputePipeline>;
}

export class Recorder {
  readonly counters: Counters = noCounts();
  readonly pages: Pages;
  /** What outlives sessions. */
  readonly residents = new Residents((column) => this.free(column.address / 4));
  readonly #device: GPUDevice;
  readonly #features: Omit<Features, "slots">;
  readonly #check: () => void;
  readonly #reader: Reader;
  readonly #profile: Profile | null;
  readonly #channelLayout: GPUBindGroupLayout;
  readonly #parameterBuffer: GPUBuffer;
  readonly #constants: GPUBuffer;
  readonly #pipelines = new Map<number, Pipelines>();
  readonly #parameters = new Uint32Array(BATCH_BYTES / 4 + WINDOW / 4);
  #words = 0;
  #dispatches = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  /** What the open pass has set. */
  #set: { pipeline?: GPUComputePipeline; pages?: GPUBindGroup } = {};
  #pageGroup: { readonly generation: number; readonly group: GPUBindGroup } | null = null;
  /** Whether memory that recorded dispatches may still use was given back since the last submission. */
  #freed = false;

  /** `slots`: pages at most; `features.pageBits`: their size. `profile`: where the time of every dispatch goes, if it is to be measured. */
  constructor(device: GPUDevice, slots: number, features: Omit<Features, "slots">, profile: Profile | null) {
    this.#device = device;
    this.#profile = profile;
    this.#features = features;
    this.#check = watch(device);
    this.pages = new Pages(device, features.pageBits, slots, (old, bytes, next) => this.#replace(old, bytes, next));
    this.#reader = new Reader(device, this.counters, this.#check);
    this.#channelLayout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "read-only-storage", hasDynamicOffset: true } },
        { binding: 1, visibility: COMPUTE_STAGE, buffer: { type: "storage" } },
        { binding: 2, visibility: COMPUTE_STAGE, buffer: { type: "uniform" } },
      ],
    });
    this.#parameterBuffer = device.createBuffer({
      label: "parameters",
      size: BATCH_BYTES + WINDOW,
      usage: USAGE.storage | USAGE.copyTarget,
    });
    const constants = new Uint32Array(36 * 4);
    constants.set(WIDTH_16.initial, 0);
    constants.set(WIDTH_16.internal, 64);
    constants.set(WIDTH_16.final, 80);
    this.#constants = device.createBuffer({
      label: "round constants",
      size: constants.byteLength,
      usage: USAGE.uniform | USAGE.copyTarget,
    });
    device.queue.writeBuffer(this.#constants, 0, constants);
  }

  /** The channel of a new session. */
  openChannel(): Channel {
    const found = this.#device.createBuffer({ label: "nonce", size: 4, usage: USAGE.storage | USAGE.copyTarget });
    this.#device.queue.writeBuffer(found, 0, Uint32Array.of(0xffffffff));
    const group = this.#device.createBindGroup({
      layout: this.#channelLayout,
      entries: [
        { binding: 0, resource: { buffer: this.#parameterBuffer, size: WINDOW } },
        { binding: 1, resource: { buffer: found } },
        { binding: 2, resource: { buffer: this.#constants } },
      ],
    });
    return { group, found };
  }

  /** Records what is left and releases the channel. */
  closeChannel(channel: Channel): void {
    this.submit();
    channel.found.destroy();
  }

  /** Queues `groups` workgroups of a kernel; `parameters` in the order of its struct. */
  run(channel: Channel, kernel: Kernel, groups: number, parameters: readonly number[]): void {
    if (groups === 0) return;
    ensure(parameters.length <= WINDOW / 4, `${parameters.length} parameters for the kernel "${kernel.name}"`);
    const pass = this.#openPass(kernel);
    const [pipeline, pages] = [this.#pipeline(kernel), this.#bindPages()];
    if (this.#set.pipeline !== pipeline) pass.setPipeline(pipeline);
    if (this.#set.pages !== pages) pass.setBindGroup(0, pages);
    this.#set = { pipeline, pages };
    pass.setBindGroup(1, channel.group, [4 * this.#words]);
    this.#parameters.set(parameters, this.#words);
    this.#words += Math.ceil(parameters.length / ALIGNMENT) * ALIGNMENT;
    const rows = Math.ceil(groups / MAX_GROUPS);
    pass.dispatchWorkgroups(Math.ceil(groups / rows), rows);
    this.counters.dispatches++;
    this.#dispatches++;
    if (this.#dispatches >= BATCH || 4 * this.#words >= BATCH_BYTES) this.submit();
  }

  /** Element address of new memory. @throws DeviceError if there is none, even without what is kept for later sessions */
  allocate(elements: number): number {
    for (;;) {
      try {
        return this.pages.allocate(elements);
      } catch (error) {
        if (!this.residents.evict()) throw error;
      }
    }
  }

  free(address: number): void {
    this.pages.heap.free(address);
    this.#freed = true;
  }

  /** Writes words to freshly allocated memory at a word address. */
  upload(address: number, words: Uint32Array): void {
    if (this.#freed) this.submit(); // recorded dispatches may still need what lay there
    let at = 0;
    for (const { buffer, offset, size } of this.pages.ranges(address, words.length)) {
      this.#device.queue.writeBuffer(buffer, offset, words.buffer as ArrayBuffer, words.byteOffset + 4 * at, size);
      at += size / 4;
    }
    this.counters.bytesUp += words.byteLength;
  }

  /** The words from a word address on, as they are at this point of the recording. Reads of one turn come back together. */
  read(address: number, words: number): Promise<Uint32Array> {
    this.#endPass();
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#reader.read(this.#encoder, this.pages.ranges(address, words), 4 * words, () => this.submit());
  }

  /** Hands everything recorded to the device. @throws DeviceError if it is lost or has failed */
  submit(): void {
    this.#freed = false;
    if (this.#encoder === null) return;
    this.#endPass();
    if (this.#words > 0) this.#device.queue.writeBuffer(this.#parameterBuffer, 0, this.#parameters, 0, this.#words);
    const resolved = this.#profile?.resolve(this.#encoder);
    this.#device.queue.submit([this.#encoder.finish()]);
    resolved?.();
    this.#encoder = null;
    this.#words = 0;
    this.#dispatches = 0;
    this.counters.submissions++;
    this.#check();
  }

  /** Compiles kernels ahead of their first use, in parallel where the runtime can. */
  async warm(kernels: readonly Kernel[]): Promise<void> {
    const { layout, byKernel } = this.#pipelinesFor(this.pages.bindings());
    const compile = async (kernel: Kernel): Promise<void> => {
      byKernel.set(kernel, await this.#device.createComputePipelineAsync(this.#describe(kernel, layout)));
    };
    await Promise.all(kernels.filter((kernel) => !byKernel.has(kernel)).map(compile));
  }

  destroy(): void {
    this.pages.destroy();
    this.#reader.destroy();
    this.#device.destroy();
  }

  #openPass(kernel: Kernel): GPUComputePassEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    if (this.#profile !== null) this.#endPass();
    this.#pass ??= this.#encoder.beginComputePass(this.#profile?.pass(kernel.name));
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
    this.#set = {};
  }

  #replace(old: GPUBuffer, bytes: number, next: GPUBuffer): void {
    this.#endPass();
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(old, 0, next, 0, bytes);
    this.submit();
    old.destroy();
  }

  #pipelinesFor(slots: number): Pipelines {
    let known = this.#pipelines.get(slots);
    if (known === undefined) {
      const pages = this.#device.createBindGroupLayout({
        entries: Array.from({ length: slots }, (_, binding) => ({
          binding,
          visibility: COMPUTE_STAGE,
          buffer: { type: "storage" as const },
        })),
      });
      const layout = this.#device.createPipelineLayout({ bindGroupLayouts: [pages, this.#channelLayout] });
      known = { layout, pages, byKernel: new Map() };
      this.#pipelines.set(slots, known);
    }
    return known;
  }

  #describe(kernel: Kernel, layout: GPUPipelineLayout): GPUComputePipelineDescriptor {
    const code = kernel.text({ ...this.#features, slots: this.pages.bindings() });
    return {
      label: kernel.name,
      layout,
      compute: { module: this.#device.createShaderModule({ label: kernel.name, code }), entryPoint: "main" },
    };
  }

  #pipeline(kernel: Kernel): GPUComputePipeline {
    const { layout, byKernel } = this.#pipelinesFor(this.pages.bindings());
    let pipeline = byKernel.get(kernel);
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipeline(this.#describe(kernel, layout));
      byKernel.set(kernel, pipeline);
    }
    return pipeline;
  }

  #bindPages(): GPUBindGroup {
    const { generation } = this.pages;
    if (this.#pageGroup?.generation !== generation) {
      const entries = this.pages.buffers().map((resource, binding) => ({ binding, resource }));
      const group = this.#device.createBindGroup({ layout: this.#pipelinesFor(entries.length).pages, entries });
      this.#pageGroup = { generation, group };
    }
    return this.#pageGroup.group;
  }
}
