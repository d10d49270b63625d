/**
 * Runs a kernel over 0 .. count-1, cut into chunks that the calling thread and the workers take one by one.
 *
 * Control words: 0 generation (workers wait on it), 1 claim = generation (20 bits) and next chunk (12 bits), 2 finished chunks, 3 kernel, 4 count,
 * 5 chunk size, 6 chunks, 7 number of operands, 8.. operands, 32 failure, 33 stop. A chunk is taken by a compare-and-swap of the claim word after reading the job, so a worker
 * that comes late and reads half of the next job fails to take a chunk and looks again.
 */
import { InternalError } from "../../errors.ts";
import { CONTROL } from "./layout.ts";
import type { Kernel } from "./module.ts";
import type { WorkerHandle } from "./worker.ts";

const GENERATION = 0;
const CLAIM = 1;
const FINISHED = 2;
const JOB = 3;
const FAILURE = 32;
const STOP = 33;

/** A chunk should last this long, so that taking it costs nothing in comparison, and a shared job four times as long: waking a worker costs about as much as a chunk. */
const CHUNK_NANOSECONDS = 25_000;
const LEAST_CHUNKS = 4;
/** More chunks than threads, since the cores may be shared with others. */
const CHUNKS_PER_THREAD = 4;
const POLLS = 10_000;

export class Pool {
  readonly #kernels: Map<string, Kernel>;
  readonly #numbers: Map<string, number>;
  readonly #workers: readonly WorkerHandle[];
  readonly #control: Int32Array<ArrayBufferLike>;
  readonly #mayBlock: boolean;
  #generation = 0;

  constructor(kernels: Map<string, Kernel>, memory: WebAssembly.Memory, workers: readonly WorkerHandle[]) {
    this.#kernels = kernels;
    this.#numbers = new Map(Array.from(kernels.keys(), (name, k) => [name, k]));
    this.#workers = workers;
    this.#control = new Int32Array(memory.buffer, CONTROL, 64);
    this.#mayBlock = workers.length > 0 && mayBlock(this.#control);
  }

  get threads(): number {
    return 1 + this.#workers.length;
  }

  /** Runs `name` on `count` items of about `nanoseconds` each; returns when all are done. */
  run(name: string, count: number, nanoseconds: number, ...operands: number[]): void {
    const kernel = this.#kernels.get(name);
    if (kernel === undefined) throw new InternalError(`There is no kernel ${name}`);
    const worth = Math.floor((count * nanoseconds) / CHUNK_NANOSECONDS);
    const chunks = Math.min(count, this.threads * CHUNKS_PER_THREAD, worth);
    if (this.#workers.length === 0 || worth < LEAST_CHUNKS || chunks < 2) {
      if (count > 0) kernel(0, count, 0, ...operands);
    } else {
      this.#share(kernel, this.#numbers.get(name)!, count, Math.ceil(count / chunks), operands);
    }
  }

  /** Wakes the workers to leave; a runtime may be unable to stop one that sleeps in a wait. */
  close(): void {
    if (this.#workers.length === 0) return; // and unshared memory that has grown has left its old buffer
    Atomics.store(this.#control, STOP, 1);
    Atomics.add(this.#control, GENERATION, 1);
    Atomics.notify(this.#control, GENERATION);
    for (const worker of this.#workers) worker.terminate();
  }

  #share(kernel: Kernel, number: number, count: number, chunk: number, operands: readonly number[]): void {
    const control = this.#control;
    const chunks = Math.ceil(count / chunk);
    this.#generation = (this.#generation + 1) & 0xfffff;
    control.set([number, count, chunk, chunks, operands.length, ...operands], JOB);
    Atomics.store(control, FINISHED, 0);
    Atomics.store(control, CLAIM, this.#generation << 12);
    Atomics.store(control, GENERATION, this.#generation);
    Atomics.notify(control, GENERATION);
    for (;;) {
      const claim = Atomics.load(control, CLAIM);
      const next = claim & 0xfff;
      if (next >= chunks) break;
      if (Atomics.compareExchange(control, CLAIM, claim, claim + 1) !== claim) continue;
      try {
        kernel(next * chunk, Math.min(count, (next + 1) * chunk), 0, ...operands);
      } catch {
        Atomics.store(control, FAILURE, 1); // reported when no thread works on the job any more
      }
      Atomics.add(control, FINISHED, 1);
    }
    this.#wait(chunks);
    if (Atomics.exchange(control, FAILURE, 0) !== 0) throw new InternalError(`Kernel ${number} left its memory`);
  }

  #wait(chunks: number): void {
    for (let polls = 0; ; polls++) {
      const finished = Atomics.load(this.#control, FINISHED);
      if (finished === chunks) return;
      if (polls >= POLLS && this.#mayBlock) Atomics.wait(this.#control, FINISHED, finished, 1);
    }
  }
}

/** Whether this thread may sleep: a browser's main thread may not. */
function mayBlock(control: Int32Array<ArrayBufferLike>): boolean {
  try {
    Atomics.wait(control, GENERATION, -1, 0);
    return true;
  } catch {
    return false;
  }
}
