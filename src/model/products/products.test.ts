import { describe, expect, it } from "vitest";
import { Samples } from "../../testing/samples.ts";
import { committed, generate } from "./build.ts";
import { KERNELS_BASE64 } from "./kernels.gen.ts";
import { type Products, scalarProducts } from "./products.ts";
import { fastestProducts, simdProducts } from "./simd.ts";

const samples = new Samples(11);
/** Integers of [-limit, limit], both ends among them. */
const integers = (length: number, limit: number): Int32Array =>
  Int32Array.from({ length }, () => [limit, -limit, samples.below(2 * limit + 1) - limit][Math.min(2, samples.below(6))]!);
const anyWords = (length: number): Int32Array =>
  Int32Array.from(
    { length },
    () => [2 ** 31 - 1, -(2 ** 31), samples.below(2 ** 31) * 2 + samples.below(2)][Math.min(2, samples.below(6))]!,
  );

const simd = (most?: readonly number[]): Products => {
  const products = simdProducts(most);
  if (products === null) throw new Error("This runtime has no WebAssembly SIMD");
  return products;
};
const both = (weight: Int32Array, outputs: number, inputs: number, x: Int32Array, products = simd()): [Int32Array, Int32Array] => [
  products.add(weight, outputs, inputs).times(x),
  scalarProducts().add(weight, outputs, inputs).times(x),
];

/** W x of integers of any size. */
function exact(weight: Int32Array, outputs: number, inputs: number, x: Int32Array): bigint[] {
  return Array.from({ length: (x.length / inputs) * outputs }, (_, at) => {
    const [v, o] = [Math.floor(at / outputs), at % outputs];
    let sum = 0n;
    for (let k = 0; k < inputs; k++) sum += BigInt(weight[o * inputs + k]!) * BigInt(x[v * inputs + k]!);
    return sum;
  });
}

/** Integers of every magnitude up to a limit. */
const magnitudes = (length: number, limit: number): Int32Array =>
  Int32Array.from({ length }, () => integers(1, Math.ceil(limit / 2 ** samples.below(21)))[0]!);

/** A matrix whose products with all vectors stay below 2^30 wherever one stops adding; weights that do not allow it are 0. */
function boundedWeight(outputs: number, inputs: number, limit: number, x: Int32Array): Int32Array {
  const weight = magnitudes(outputs * inputs, limit);
  for (let o = 0; o < outputs; o++) {
    let sums = Array.from({ length: x.length / inputs }, () => 0);
    for (let k = 0; k < inputs; k++) {
      const next = sums.map((sum, v) => sum + weight[o * inputs + k]! * x[v * inputs + k]!);
      if (next.every((sum) => Math.abs(sum) < 2 ** 30)) sums = next;
      else weight[o * inputs + k] = 0;
    }
  }
  return weight;
}

const SIZES = [
  [1, 1],
  [3, 7],
  [4, 8],
  [5, 9],
  [64, 64],
  [67, 65],
  [130, 577],
] as const;
const LIMITS = [
  [2 ** 15 - 1, 2 ** 15 - 1],
  [2 ** 15 - 1, 2 ** 17],
  [2 ** 20, 2 ** 15 - 1],
  [2 ** 20, 2 ** 17],
] as const;

describe.each([
  ["scalarProducts()", scalarProducts()],
  ["simdProducts()", simd()],
] as const)("%s", (_, products) => {
  it.each(SIZES)("gives the integers where they stay below 2^30: %d x %d", (outputs, inputs) => {
    for (const [weightLimit, inputLimit] of LIMITS) {
      const x = magnitudes(3 * inputs, inputLimit);
      const weight = boundedWeight(outputs, inputs, weightLimit, x);
      expect(Array.from(products.add(weight, outputs, inputs).times(x), BigInt)).toEqual(exact(weight, outputs, inputs, x));
    }
  });

  it("gives the integers for weights of 2^20 and inputs of 2^17 that cancel", () => {
    const weight = Int32Array.of(2 ** 20, 2 ** 20, -(2 ** 20), 1, 2 ** 20, -(2 ** 20), 2 ** 20, -1);
    const x = Int32Array.of(2 ** 17, 1 - 2 ** 17, 2, -(2 ** 17));
    const y = [-(2 ** 20) - 2 ** 17, 2 ** 38 - 2 ** 20 + 2 ** 21 + 2 ** 17];
    expect(exact(weight, 2, 4, x)).toEqual(y.map(BigInt));
    expect(products.add(weight, 2, 4).times(x)).toEqual(Int32Array.from(y));
  });

  it("wraps around where they do not", () => {
    const [outputs, inputs] = [9, 19];
    const [weight, x] = [anyWords(outputs * inputs), anyWords(2 * inputs)];
    expect(Array.from(products.add(weight, outputs, inputs).times(x), BigInt)).toEqual(
      exact(weight, outputs, inputs, x).map((v) => BigInt.asIntN(32, v)),
    );
  });

  it("takes no vector and refuses half a one, or weights of another size", () => {
    const matrix = products.add(new Int32Array(12), 3, 4);
    expect(matrix).toMatchObject({ outputs: 3, inputs: 4 });
    expect(matrix.times(new Int32Array(0))).toEqual(new Int32Array(0));
    expect(() => matrix.times(new Int32Array(6))).toThrow(new RangeError("Cannot multiply a matrix of 4 inputs by 6 values"));
    expect(() => products.add(new Int32Array(11), 3, 4)).toThrow(new RangeError("Cannot take 11 weights as a matrix [3, 4]"));
    expect(() => products.add(new Int32Array(0), 0, 4)).toThrow(RangeError);
  });
});

describe("simdProducts()", () => {
  it.each(SIZES)("equals the scalar one for all widths and 1 to 5 vectors: %d x %d", (outputs, inputs) => {
    for (const [weightLimit, inputLimit] of [...LIMITS, [2 ** 15, 2 ** 15] as const])
      for (let vectors = 1; vectors <= 5; vectors++) {
        const [fast, slow] = both(integers(outputs * inputs, weightLimit), outputs, inputs, integers(vectors * inputs, inputLimit));
        expect(fast).toEqual(slow);
      }
  });

  it("multiplies the least int16, of which two products wrap around", () => {
    const [fast, slow] = both(new Int32Array(32).fill(-(2 ** 15)), 4, 8, new Int32Array(8).fill(-(2 ** 15)));
    expect(fast).toEqual(slow);
    expect(slow).toEqual(new Int32Array(4));
  });

  it("stores high halves of the rows that have some", () => {
    const weight = integers(10 * 16, 100);
    const products = simd();
    expect(products.add(weight, 10, 16).bytes).toBe(12 * 32);
    weight[3 * 16 + 5] = 2 ** 15;
    weight[9 * 16] = -(2 ** 20);
    const x = integers(3 * 16, 2 ** 17);
    const matrix = products.add(weight, 10, 16);
    expect(matrix.bytes).toBe(16 * 32);
    expect(matrix.times(x)).toEqual(scalarProducts().add(weight, 10, 16).times(x));
  });

  it("takes more vectors and more rows than pass by at once", () => {
    for (const [outputs, inputs, vectors] of [
      [3, 5000, 61],
      [70_001, 9, 5],
      [5003, 33, 130],
      [2, 65_536, 2],
    ] as const) {
      const [fast, slow] = both(integers(outputs * inputs, 2 ** 16), outputs, inputs, integers(vectors * inputs, 2 ** 17));
      expect(fast).toEqual(slow);
    }
  });

  it("keeps matrices apart, and those from before memory grew", () => {
    const products = simd();
    const made = Array.from({ length: 40 }, () => {
      const [outputs, inputs] = [1 + samples.below(300), 1 + samples.below(300)];
      const weight = integers(outputs * inputs, 2 ** (10 + samples.below(10)));
      return { weight, outputs, inputs, matrix: products.add(weight, outputs, inputs) };
    });
    for (const { weight, outputs, inputs, matrix } of made) {
      const x = integers(inputs, 2 ** 17);
      expect(matrix.times(x)).toEqual(scalarProducts().add(weight, outputs, inputs).times(x));
    }
  });

  it("falls back to the scalar one where memory is exhausted or rows are too long", () => {
    const products = simd([2 * 2 ** 20]);
    const add = (outputs: number, inputs: number) => {
      const weight = integers(outputs * inputs, 1000);
      const matrix = products.add(weight, outputs, inputs);
      const x = integers(inputs, 1000);
      expect(matrix.times(x)).toEqual(scalarProducts().add(weight, outputs, inputs).times(x));
      return matrix.bytes;
    };
    expect(add(500, 400)).toBe(500 * 800);
    expect(add(500, 800)).toBe(0);
    expect(add(4, 8)).toBe(64);
    expect(simd().add(new Int32Array(65_537), 1, 65_537).bytes).toBe(0);
  });

  it("is null without memory or WebAssembly", () => {
    expect(simdProducts([])).toBeNull();
    expect(simdProducts([2 ** 20])).toBeNull();
    const { WebAssembly } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "WebAssembly");
      expect(simdProducts()).toBeNull();
      expect(fastestProducts().name).toBe("scalar");
    } finally {
      globalThis.WebAssembly = WebAssembly;
    }
    expect(fastestProducts().name).toBe("wasm simd");
  });
});

describe("kernels.gen.ts", () => {
  it("is what the sources compile to", async () => {
    expect(await committed()).toBe(await generate());
  }, 120_000);

  it("is below the 4 KiB that a page may compile at once", () => {
    expect(atob(KERNELS_BASE64).length).toBeLessThan(4096);
  });
});
