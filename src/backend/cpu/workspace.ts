/** What the verbs of one session work with: columns in linear memory, operands, temporaries, kernel calls. */
import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column, Width } from "../backend.ts";
import { ensure } from "../check.ts";
import type { Heap } from "./heap.ts";
import { PARAMETERS, PARAMETERS_BYTES } from "./layout.ts";
import type { Pool } from "./pool.ts";
import type { Twiddles } from "./twiddles.ts";

/** `length` entries of `width` words at an address. */
export class CpuColumn implements Column {
  readonly pointer: number;
  readonly length: number;
  readonly width: Width;

  constructor(pointer: number, length: number, width: Width) {
    this.pointer = pointer;
    this.length = length;
    this.width = width;
  }
}

/** What all sessions of a backend share. */
export interface Device {
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  readonly pool: Pool;
  readonly twiddles: Twiddles;
}

export class Workspace {
  readonly device: Device;
  readonly #owned = new Set<number>();
  #parameters = 0;

  constructor(device: Device) {
    this.device = device;
  }

  get threads(): number {
    return this.device.pool.threads;
  }

  /** Runs a kernel; see `Pool.run`. */
  run(kernel: string, count: number, nanoseconds: number, ...operands: number[]): void {
    this.device.pool.run(kernel, count, nanoseconds, ...operands);
  }

  /** A new column of arbitrary contents. */
  column(length: number, width: Width): CpuColumn {
    const pointer = this.device.heap.allocate(4 * length * width);
    this.#owned.add(pointer);
    return new CpuColumn(pointer, length, width);
  }

  /** A new width-4 column of these elements. */
  elements(elements: readonly QM31[]): CpuColumn {
    const column = this.column(elements.length, 4);
    this.words(column).set(elements.flat());
    return column;
  }

  /** The column as this backend's, of the given width if one is given. */
  own(column: Column, width?: Width): CpuColumn {
    ensure(column instanceof CpuColumn, "The column belongs to another backend");
    ensure(width === undefined || column.width === width, `Width ${column.width} where ${width} is expected`);
    return column;
  }

  /** The words of a column in place, until memory next grows. */
  words(column: CpuColumn): Uint32Array<ArrayBufferLike> {
    return this.view(column.pointer, column.length * column.width);
  }

  view(pointer: number, words: number): Uint32Array<ArrayBufferLike> {
    return new Uint32Array(this.device.memory.buffer, pointer, words);
  }

  element(pointer: number): QM31 {
    const words = this.view(pointer, 4);
    return [words[0]!, words[1]!, words[2]!, words[3]!];
  }

  free(column: CpuColumn): void {
    ensure(this.#owned.delete(column.pointer), "Only a column that was made in this session and is still live can be freed");
    this.device.heap.free(column.pointer);
  }

  end(): void {
    for (const pointer of this.#owned) this.device.heap.free(pointer);
    this.#owned.clear();
  }

  /** Address of an element as an operand, valid until the call returns. */
  operand(element: QM31): number {
    if (this.#parameters + 16 > PARAMETERS_BYTES) this.#parameters = 0;
    const pointer = PARAMETERS + this.#parameters;
    this.#parameters += 16;
    this.view(pointer, 4).set(element);
    return pointer;
  }

  /** Calls `use` with the address of a temporary of `bytes` bytes. */
  temporary<T>(bytes: number, use: (pointer: number) => T): T {
    const pointer = this.device.heap.allocate(bytes);
    try {
      return use(pointer);
    } finally {
      this.device.heap.free(pointer);
    }
  }

  /** Calls `use` with the address of a temporary copy of `words`. */
  list<T>(words: readonly number[], use: (pointer: number) => T): T {
    return this.temporary(4 * words.length, (pointer) => {
      this.view(pointer, words.length).set(words);
      return use(pointer);
    });
  }

  /** Calls `use` with the address of `count` zero elements for each thread; returns their sums over the threads. */
  sums(count: number, use: (pointer: number) => void): QM31[] {
    const bytes = 16 * count * this.threads;
    return this.temporary(bytes, (pointer) => {
      this.view(pointer, bytes / 4).fill(0);
      use(pointer);
      return Array.from({ length: count }, (_, k) => {
        let sum = qm31.ZERO;
        for (let t = 0; t < this.threads; t++) sum = qm31.add(sum, this.element(pointer + 16 * (t * count + k)));
        return sum;
      });
    });
  }
}
