/** The heap in linear memory: first fit over free ranges sorted by address, merged when freed. Blocks are aligned to 64 bytes, a cache line. */
import { DeviceError, InternalError } from "../../errors.ts";
import { HEAP, PAGE } from "./layout.ts";

const ALIGNMENT = 64;
/** Memory grows by at least this much. */
const GROWTH_PAGES = 256;
const MEBIBYTE = 2 ** 20;

export class Heap {
  readonly #memory: WebAssembly.Memory;
  /** Free ranges [start, end), ascending, never adjacent. */
  readonly #free: { start: number; end: number }[] = [];
  readonly #sizes = new Map<number, number>();
  #end: number;
  #used = 0;
  #peak = 0;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#end = memory.buffer.byteLength;
    this.#release(HEAP, this.#end);
  }

  /** Bytes in use, and the most there ever were. */
  get usage(): { used: number; peak: number } {
    return { used: this.#used, peak: this.#peak };
  }

  /** Address of `bytes` bytes of arbitrary contents. @throws DeviceError if memory cannot grow */
  allocate(bytes: number): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    let k = this.#free.findIndex((range) => range.end - range.start >= size);
    if (k < 0) {
      this.#grow(size);
      k = this.#free.findIndex((range) => range.end - range.start >= size);
    }
    const range = this.#free[k]!;
    const start = range.start;
    range.start += size;
    if (range.start === range.end) this.#free.splice(k, 1);
    this.#sizes.set(start, size);
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
    return start;
  }

  /** @throws InternalError for an address that is not allocated */
  free(start: number): void {
    const size = this.#sizes.get(start);
    if (size === undefined) throw new InternalError(`Address ${start} is not allocated`);
    this.#sizes.delete(start);
    this.#used -= size;
    this.#release(start, start + size);
  }

  #release(start: number, end: number): void {
    const free = this.#free;
    let low = 0;
    let high = free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (free[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const before = free[low - 1];
    const after = free[low];
    const joinsBefore = before !== undefined && before.end === start;
    const joinsAfter = after !== undefined && after.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      free.splice(low, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = start;
    else free.splice(low, 0, { start, end });
  }

  #grow(bytes: number): void {
    const last = this.#free.at(-1);
    const usable = last !== undefined && last.end === this.#end ? last.end - last.start : 0;
    const needed = Math.ceil((bytes - usable) / PAGE);
    const pages = this.#tryGrow(Math.max(needed, GROWTH_PAGES)) ?? this.#tryGrow(needed);
    if (pages === undefined) {
      throw new DeviceError(
        `Cannot allocate ${(bytes / MEBIBYTE).toFixed(1)} MiB: ${(this.#used / MEBIBYTE).toFixed(1)} of ${(this.#end / MEBIBYTE).toFixed(1)} MiB are in use and the memory cannot grow`,
      );
    }
    const end = this.#end + pages * PAGE;
    this.#release(this.#end, end);
    this.#end = end;
  }

  #tryGrow(pages: number): number | undefined {
    try {
      this.#memory.grow(pages);
      return pages;
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}
