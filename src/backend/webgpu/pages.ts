/**
 * Device memory behind the addresses of `heap.ts`: pages of 2^pageBits elements, each a buffer that is bound whole. A page grows by doubling up to its full
 * size, so that a small proof takes little.
 */
import { DeviceError } from "../../errors.ts";
import { USAGE } from "./gpu.ts";
import { Heap } from "./heap.ts";

/** Elements of a page when it is first needed: 4 MiB. */
const FIRST_SIZE = 2 ** 18;
const ELEMENT_BYTES = 16;
/** From one page to this many that are bound, and so on. */
const STEP = 4;
/** A range of its own for each binding, as none may overlap. */
const BLANK_BYTES = 256;

/** A part of one page's buffer, in bytes. */
export interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

interface Page {
  buffer: GPUBuffer;
  /** Elements. */
  size: number;
}

/** What copies a buffer's contents in order with everything recorded, and destroys the old one once that is done. */
export type Replace = (old: GPUBuffer, bytes: number, next: GPUBuffer) => void;

export class Pages {
  readonly pageBits: number;
  readonly heap: Heap;
  /** Buffers at hand, page by page. */
  readonly pages: Page[] = [];
  /** Changes whenever a buffer is added or replaced. */
  generation = 0;
  readonly #device: GPUDevice;
  readonly #replace: Replace;
  readonly #slots: number;
  /** Stands for pages that are bound and not there yet. */
  #blank: GPUBuffer | null = null;

  /** `slots`: pages at most. */
  constructor(device: GPUDevice, pageBits: number, slots: number, replace: Replace) {
    this.#device = device;
    this.#slots = slots;
    this.pageBits = pageBits;
    this.heap = new Heap(slots * 2 ** pageBits);
    this.#replace = replace;
  }

  /** The address of `elements` elements that have a buffer behind them. @throws DeviceError if there is no room */
  allocate(elements: number): number {
    const address = this.heap.allocate(elements);
    const pageSize = 2 ** this.pageBits;
    const top = this.heap.top();
    for (let p = 0; p * pageSize < top; p++) this.#grow(p, Math.min(pageSize, top - p * pageSize));
    return address;
  }

  /** How many pages are bound: in few steps, as kernels are compiled anew for each number. */
  bindings(): number {
    const there = Math.max(1, this.pages.length);
    return there === 1 ? 1 : Math.min(this.#slots, STEP ** Math.ceil(Math.log2(there) / Math.log2(STEP)));
  }

  /** What is bound. */
  buffers(): GPUBufferBinding[] {
    return Array.from({ length: this.bindings() }, (_, slot) => {
      const page = this.pages[slot];
      if (page !== undefined) return { buffer: page.buffer };
      this.#blank ??= this.#device.createBuffer({ label: "no page", size: BLANK_BYTES * this.#slots, usage: USAGE.storage });
      return { buffer: this.#blank, offset: BLANK_BYTES * slot, size: BLANK_BYTES };
    });
  }

  /** Bytes of all buffers. */
  bytes(): number {
    return this.pages.reduce((n, page) => n + page.size * ELEMENT_BYTES, 0);
  }

  /** The ranges of `words` words from word address `address` on, in order. */
  ranges(address: number, words: number): Range[] {
    const pageWords = 2 ** (this.pageBits + 2);
    const out: Range[] = [];
    for (let at = address; at < address + words; ) {
      const page = this.pages[Math.floor(at / pageWords)];
      if (page === undefined) throw new DeviceError(`Bug: address ${at} has no page`);
      const inside = at % pageWords;
      const count = Math.min(pageWords - inside, address + words - at);
      out.push({ buffer: page.buffer, offset: 4 * inside, size: 4 * count });
      at += count;
    }
    return out;
  }

  destroy(): void {
    for (const page of this.pages) page.buffer.destroy();
    this.pages.length = 0;
    this.#blank?.destroy();
  }

  #grow(index: number, needed: number): void {
    const page = this.pages[index];
    if (page !== undefined && page.size >= needed) return;
    const doubled = Math.max(FIRST_SIZE, 2 ** Math.ceil(Math.log2(needed)), page === undefined ? 0 : 2 * page.size);
    const size = Math.min(doubled, 2 ** this.pageBits);
    const buffer = this.#device.createBuffer({
      label: `page ${index}`,
      size: size * ELEMENT_BYTES,
      usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget,
    });
    this.generation++;
    if (page === undefined) {
      this.pages[index] = { buffer, size };
      return;
    }
    const old = page.buffer;
    const bytes = page.size * ELEMENT_BYTES;
    page.buffer = buffer;
    page.size = size;
    this.#replace(old, bytes, buffer);
  }
}
