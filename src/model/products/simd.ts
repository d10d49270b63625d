/**
 * Products in WebAssembly SIMD. Modulo 2^32, w = low(w) + 2^16 high(w) with two int16, and alike for x, so
 *   W x = low(W) low(x) + 2^16 (low(W) high(x) + high(W) low(x)),
 * all of them products of int16, eight in an instruction. A matrix stores its low halves, and high halves of those rows alone that leave 16 bits; high(x) is
 * left out where x stays within them. Weights are copied once: nothing is copied for a product but x and y.
 */
import { Arena, FIXED, PAGE, X, Y } from "./arena.ts";
import { KERNELS_BASE64 } from "./kernels.gen.ts";
import { checkWeight, countVectors, type Matrix, type Products, scalarProducts } from "./products.ts";

/** What is tried in turn where a runtime does not reserve 4 GiB. */
const MOST_BYTES = [2 ** 32, 2 ** 31, 2 ** 30, 2 ** 29];
/** The longest row: its low and its high half fit X. */
const MOST_INPUTS = X.bytes / 4;

interface Kernels {
  multiply(w: number, x: number, y: number, blocks: number, row: number, count: number): void;
  addHigh(y: number, high: number, bytes: number): void;
}

/** int16 in memory: [4 blocks, row bytes], zeros where the matrix ends before. */
interface Plane {
  readonly at: number;
  readonly blocks: number;
  readonly row: number;
}

/** The fastest products of this runtime. One for all matrices of a model: each reserves addresses, of which a process has not many times 4 GiB. */
export function fastestProducts(): Products {
  return simdProducts() ?? scalarProducts();
}

/**
 * Matrices that find no memory are scalar ones.
 * @param most bytes of memory, tried in turn: multiples of 64 KiB, at most 4 GiB @returns null where the runtime has no WebAssembly SIMD or not so much memory
 */
export function simdProducts(most: readonly number[] = MOST_BYTES): Products | null {
  const bytes = Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0));
  for (const maximum of most) {
    try {
      const memory = new WebAssembly.Memory({ initial: FIXED / PAGE, maximum: maximum / PAGE });
      // small enough for a page's main thread, which may compile no more at once
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
      return new SimdProducts(new Arena(memory), exports as unknown as Kernels);
    } catch {
      // less memory may do; without WebAssembly none does
    }
  }
  return null;
}

class SimdProducts implements Products {
  readonly name = "wasm simd";
  readonly #arena: Arena;
  readonly #kernels: Kernels;

  constructor(arena: Arena, kernels: Kernels) {
    this.#arena = arena;
    this.#kernels = kernels;
  }

  add(weight: Int32Array, outputs: number, inputs: number): Matrix {
    checkWeight(weight, outputs, inputs);
    const wide = wideRows(weight, inputs);
    const row = 16 * Math.ceil(inputs / 8);
    const [blocks, wideBlocks] = [Math.ceil(outputs / 4), Math.ceil(wide.length / 4)];
    const bytes = 4 * (blocks + wideBlocks) * row;
    const at = inputs > MOST_INPUTS ? null : this.#arena.allocate(bytes);
    if (at === null) return scalarProducts().add(weight, outputs, inputs);
    const halves = this.#arena.halves(at, bytes);
    const stride = row / 2;
    for (let o = 0; o < outputs; o++) halves.set(weight.subarray(o * inputs, (o + 1) * inputs), o * stride);
    wide.forEach((o, k) => {
      const to = (4 * blocks + k) * stride;
      for (let i = 0; i < inputs; i++) halves[to + i] = highHalf(weight[o * inputs + i]!);
    });
    const low: Plane = { at, blocks, row };
    const high: Plane = { at: at + 4 * blocks * row, blocks: wideBlocks, row };
    return { outputs, inputs, bytes, times: (x) => this.#times(low, high, wide, outputs, inputs, x) };
  }

  /** As many vectors at a time as X takes. */
  #times(low: Plane, high: Plane, wide: readonly number[], outputs: number, inputs: number, x: Int32Array): Int32Array {
    const vectors = countVectors(x, inputs);
    const out = new Int32Array(vectors * outputs);
    const most = Math.floor(X.bytes / (2 * low.row));
    for (let first = 0; first < vectors; first += most) {
      const count = Math.min(most, vectors - first);
      const part = out.subarray(first * outputs, (first + count) * outputs);
      const twice = setVectors(this.#arena.x, x.subarray(first * inputs, (first + count) * inputs), inputs, low.row / 2);
      this.#multiply(low, count, twice, (y, row, rows) => {
        const length = Math.min(rows, outputs - row);
        for (let v = 0; v < count; v++) part.set(y.subarray(v * rows, v * rows + length), v * outputs + row);
      });
      this.#multiply(high, count, false, (y, row, rows) => {
        const length = Math.min(rows, wide.length - row);
        for (let v = 0; v < count; v++)
          for (let k = 0; k < length; k++) {
            const o = v * outputs + wide[row + k]!;
            part[o] = part[o]! + (y[v * rows + k]! << 16);
          }
      });
    }
    return out;
  }

  /** A plane times the vectors in X, with their high halves or without, as many rows at a time as Y takes: `take` gets [count, rows] results from a row on. */
  #multiply(plane: Plane, count: number, twice: boolean, take: (y: Int32Array, row: number, rows: number) => void): void {
    const columns = twice ? 2 * count : count;
    const most = Math.floor(Y.bytes / (16 * columns));
    for (let block = 0; block < plane.blocks; block += most) {
      const blocks = Math.min(most, plane.blocks - block);
      const bytes = 16 * blocks * count;
      this.#kernels.multiply(plane.at + 4 * block * plane.row, X.at, Y.at, blocks, plane.row, columns);
      if (twice) this.#kernels.addHigh(Y.at, Y.at + bytes, bytes);
      take(this.#arena.y, 4 * block, 4 * blocks);
    }
  }
}

/** Writes low halves of all vectors x, then high ones if there are any, which is returned. */
function setVectors(to: Int16Array, x: Int32Array, inputs: number, stride: number): boolean {
  const count = x.length / inputs;
  let any = 0;
  for (let v = 0; v < count; v++) {
    for (let i = 0; i < inputs; i++) {
      const value = x[v * inputs + i]!;
      to[v * stride + i] = value;
      any |= highHalf(value);
    }
  }
  if (any === 0) return false;
  for (let v = 0; v < count; v++) for (let i = 0; i < inputs; i++) to[(count + v) * stride + i] = highHalf(x[v * inputs + i]!);
  return true;
}

/** high(v), or 2^15 for -2^15: an Int16Array keeps the same of both. 0 for what fits 16 bits. */
function highHalf(v: number): number {
  return (v >> 16) + ((v >> 15) & 1);
}

/** The rows with a value that leaves 16 bits. */
function wideRows(weight: Int32Array, inputs: number): number[] {
  const wide: number[] = [];
  for (let row = 0; row < weight.length; row += inputs) {
    let any = 0;
    for (let k = row; k < row + inputs; k++) any |= highHalf(weight[k]!);
    if (any !== 0) wide.push(row / inputs);
  }
  return wide;
}
