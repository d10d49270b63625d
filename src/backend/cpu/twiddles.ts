/** Twiddles in linear memory as a heap: D(n)[i], i < 2^(n-1), at word 2^(n-1) + i, for all n up to the largest asked for (SPEC §3.1). */
import * as m31 from "../../field/m31.ts";
import { domain } from "../../line/domain.ts";
import type { Heap } from "./heap.ts";

export class Twiddles {
  readonly #memory: WebAssembly.Memory;
  readonly #heap: Heap;
  #pointer = 0;
  #size = -1;

  constructor(memory: WebAssembly.Memory, heap: Heap) {
    this.#memory = memory;
    this.#heap = heap;
  }

  /** Address of a heap that reaches D(n). It stays until a larger one is asked for. */
  upTo(n: number): number {
    if (n <= this.#size) return this.#pointer;
    if (this.#size >= 0) this.#heap.free(this.#pointer);
    this.#size = -1;
    const count = 2 ** n;
    this.#pointer = this.#heap.allocate(4 * count + 16); // kernels read four words from any of them
    this.#size = n;
    const words = new Uint32Array(this.#memory.buffer, this.#pointer, count);
    if (n >= 1) words.set(domain(n).subarray(0, count / 2), count / 2);
    for (let half = count / 4; half >= 1; half /= 2) {
      for (let i = 0; i < half; i++) {
        const x = words[2 * half + i]!;
        const square = m31.mul(x, x);
        words[half + i] = m31.sub(m31.add(square, square), 1);
      }
    }
    return this.#pointer;
  }
}
