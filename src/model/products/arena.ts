/** Memory of the products' kernels. Its start is fixed: X, vectors as int16, and Y, their results as int32. Matrices follow and stay: memory grows at its end. */

export const PAGE = 2 ** 16;
/** The first page is no one's. Vectors that pass by at once fit the second cache. */
export const X = { at: PAGE, bytes: 2 ** 18 };
export const Y = { at: X.at + X.bytes, bytes: 2 ** 20 };
/** Bytes of both, the least that a memory has. */
export const FIXED = Y.at + Y.bytes;

export class Arena {
  readonly #memory: WebAssembly.Memory;
  #x: Int16Array;
  #y: Int32Array;
  #end = FIXED;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#x = new Int16Array(memory.buffer, X.at, X.bytes / 2);
    this.#y = new Int32Array(memory.buffer, Y.at, Y.bytes / 4);
  }

  /** X, until memory grows. */
  get x(): Int16Array {
    return this.#x;
  }

  /** Y, until memory grows. */
  get y(): Int32Array {
    return this.#y;
  }

  /** So many bytes from an address on, as int16, until memory grows. */
  halves(at: number, bytes: number): Int16Array {
    return new Int16Array(this.#memory.buffer, at, bytes / 2);
  }

  /** The address of so many zeros, on a cache line; null if memory is exhausted. */
  allocate(bytes: number): number | null {
    const at = this.#end;
    const end = at + 64 * Math.ceil(bytes / 64);
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        this.#memory.grow(missing);
      } catch {
        return null;
      }
      this.#x = new Int16Array(this.#memory.buffer, X.at, X.bytes / 2);
      this.#y = new Int32Array(this.#memory.buffer, Y.at, Y.bytes / 4);
    }
    this.#end = end;
    return at;
  }
}
