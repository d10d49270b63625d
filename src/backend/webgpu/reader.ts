/** Reads device memory back. All reads of one turn share one submission and one wait, and staging buffers as far as they fit. */
import { DeviceError } from "../../errors.ts";
import { ensure } from "../check.ts";
import type { Counters } from "./counters.ts";
import { MAP_READ, USAGE } from "./gpu.ts";
import type { Range } from "./pages.ts";

const SMALLEST = 2 ** 16;
/** Staging buffers up to this size are kept for later reads. */
const LARGEST_KEPT = 2 ** 24;

interface Staging {
  readonly buffer: GPUBuffer;
  used: number;
}

/** The reads of one turn; `done` has the words of every staging buffer. */
interface Batch {
  readonly stagings: Staging[];
  readonly done: Promise<readonly Uint32Array[]>;
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
    this.#batch ??= this.#open(submit);
    const { stagings, done } = this.#batch;
    let staging = stagings.at(-1);
    if (staging === undefined || staging.used + bytes > staging.buffer.size) {
      staging = { buffer: this.#take(bytes), used: 0 };
      stagings.push(staging);
    }
    const index = stagings.length - 1;
    const first = staging.used / 4;
    for (const { buffer, offset, size } of ranges) {
      encoder.copyBufferToBuffer(buffer, offset, staging.buffer, staging.used, size);
      staging.used += size;
    }
    const words = (await done)[index];
    ensure(words !== undefined, "A read was not waited for");
    return words.slice(first, first + bytes / 4);
  }

  destroy(): void {
    for (const buffer of this.#idle) buffer.destroy();
    this.#idle.length = 0;
  }

  #open(submit: () => void): Batch {
    const stagings: Staging[] = [];
    const done = Promise.resolve().then(() => {
      this.#batch = null;
      submit();
      this.#counters.readBacks++;
      return Promise.all(stagings.map((staging) => this.#wait(staging)));
    });
    return { stagings, done };
  }

  /** A staging buffer of at least `bytes`. */
  #take(bytes: number): GPUBuffer {
    const index = this.#idle.findIndex((buffer) => buffer.size >= bytes);
    const [known] = index < 0 ? [] : this.#idle.splice(index, 1);
    const size = 2 ** Math.ceil(Math.log2(Math.max(SMALLEST, bytes)));
    return known ?? this.#device.createBuffer({ label: "staging", size, usage: USAGE.mapRead | USAGE.copyTarget });
  }

  async #wait({ buffer, used }: Staging): Promise<Uint32Array> {
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
