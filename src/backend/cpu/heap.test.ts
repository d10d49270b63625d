import { describe, expect, it } from "vitest";
import { DeviceError, InternalError } from "../../errors.ts";
import { Samples } from "../../testing/samples.ts";
import { Heap } from "./heap.ts";
import { HEAP, PAGE } from "./layout.ts";

describe("Heap", () => {
  it("hands out blocks that are aligned, disjoint and within memory, and reuses what was freed", () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 4096 });
    const heap = new Heap(memory);
    const samples = new Samples(3);
    const live = new Map<number, number>();
    for (let step = 0; step < 3000; step++) {
      if (live.size > 0 && samples.below(100) < 48) {
        const start = Array.from(live.keys())[samples.below(live.size)]!;
        heap.free(start);
        live.delete(start);
      } else {
        const bytes = samples.below(samples.below(4) === 0 ? 60_000 : 300);
        const start = heap.allocate(bytes);
        const end = start + Math.max(1, bytes);
        expect(start % 64).toBe(0);
        expect(start).toBeGreaterThanOrEqual(HEAP);
        expect(end).toBeLessThanOrEqual(memory.buffer.byteLength);
        for (const [other, size] of live) expect(end <= other || other + Math.max(1, size) <= start).toBe(true);
        live.set(start, bytes);
      }
    }
    for (const start of live.keys()) heap.free(start);
    expect(heap.usage.used).toBe(0);
    const size = memory.buffer.byteLength;
    expect(heap.allocate(size - HEAP)).toBe(HEAP); // all ranges have merged into one
    expect(memory.buffer.byteLength).toBe(size);
  });

  it("says how much is missing when memory cannot grow", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 16, maximum: 32 }));
    const first = heap.allocate(10 * PAGE);
    expect(() => heap.allocate(32 * PAGE)).toThrow(DeviceError);
    expect(() => heap.allocate(32 * PAGE)).toThrow("Cannot allocate 2.0 MiB: 0.6 of 1.0 MiB are in use and the memory cannot grow");
    heap.free(first);
    expect(heap.allocate(25 * PAGE)).toBe(HEAP); // less than the usual growth, but all that is needed
  });

  it("refuses to free what is not allocated", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 16, maximum: 16 }));
    const start = heap.allocate(1);
    heap.free(start);
    expect(() => heap.free(start)).toThrow(InternalError);
  });
});
