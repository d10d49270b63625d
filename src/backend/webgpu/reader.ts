/** Reads device memory back. All reads of one turn share one staging buffer, one submission and one wait. */
import { DeviceError } from "../../errors.ts";
import type { Counters } from "./counters.ts";
import { MAP_READ, USAGE } from "./gpu.ts";
import type { Range } from "./pages.ts";

const SMALLEST = 2 ** 16;
/** Staging buffers up to this size are kept for later reads. */
const LARGEST_KEPT = 2 ** 24;

interface Batch {
  readonly buffer: GPUBuffer;
  used: number;
  readonly done: Promise<Uint32Array>;
}

export class Reader {
  readonly #device: GPUDevice;
  readonly #counters: Counters;
  readonly #check: () => void;
  readonly #idle: GPUBuffer[] = [];
  #batch: Batch | null = null;

  constructor(device: GPUDevice, counters: Counters, check: () => void) {
    this.#device = device;
    this.#counters = counters;
    this.#check = check;
  }

  /** Records the copy of `ranges`, `bytes` in all, and waits for it in the next turn, after `submit`. */
  async read(encoder: GPUCommandEncoder, ranges: readonly Range[], bytes: number, submit: () => void): Promise<Uint32Array> {
    let batch = this.#batch;
    if (batch === null || batch.used + bytes > batch.buffer.size) batch = this.#open(bytes, submit);
    const first = batch.used / 4;
    for (const { buffer, offset, size } of ranges) {
      encoder.copyBufferToBuffer(buffer, offset, batch.buffer, batch.used, size);
      batch.used += size;
    }
    const words = await batch.done;
    return words.slice(first, first + bytes / 4);
  }

  destroy(): void {
    for (const buffer of this.#idle) buffer.destroy();
    this.#idle.length = 0;
  }

  #open(bytes: number, submit: () => void): Batch {
    const index = this.#idle.findIndex((buffer) => buffer.size >= bytes);
    const [known] = index < 0 ? [] : this.#idle.splice(index, 1);
    const size = 2 ** Math.ceil(Math.log2(Math.max(SMALLEST, bytes)));
    const buffer = known ?? this.#device.createBuffer({ label: "staging", size, usage: USAGE.mapRead | USAGE.copyTarget });
    const done = Promise.resolve().then(() => {
      if (this.#batch === batch) this.#batch = null;
      submit();
      return this.#wait(batch);
    });
    const batch: Batch = { buffer, used: 0, done };
    this.#batch = batch;
    return batch;
  }

  async #wait({ buffer, used }: Batch): Promise<Uint32Array> {
    this.#counters.readBacks++;
    this.#counters.bytesDown += used;
    try {
      await buffer.mapAsync(MAP_READ, 0, used);
    } catch (cause) {
      this.#check();
      throw new DeviceError("The GPU did not return its results. Open the backend again, or prove on the CPU backend", { cause });
    }
    const words = new Uint32Array(buffer.getMappedRange(0, used)).slice();
    buffer.unmap();
    if (buffer.size <= LARGEST_KEPT) this.#idle.push(buffer);
    else buffer.destroy();
    this.#check();
    return words;
  }
}
