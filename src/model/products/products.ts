/**
 * Products of an integer matrix with vectors: y = W x, W [outputs, inputs] row-major, in int32 arithmetic, which wraps around: exact where the sums stay within
 * 31 bits and a sign, whatever the order of adding, so that every implementation gives the same integers.
 */

export interface Matrix {
  readonly outputs: number;
  readonly inputs: number;
  /** Bytes that hold it beside the weights that it was made from, all read by a product; 0 where those weights themselves are read. */
  readonly bytes: number;
  /** @param x [vectors, inputs], any int32 @returns [vectors, outputs] @throws RangeError if that is not a whole number of vectors */
  times(x: Int32Array): Int32Array;
}

export interface Products {
  readonly name: string;
  /**
   * Takes a matrix for products. `weight` may not change while the matrix is in use.
   * @param weight [outputs, inputs], any int32 @throws RangeError if it has another size
   */
  add(weight: Int32Array, outputs: number, inputs: number): Matrix;
}

/** @throws RangeError */
export function checkWeight(weight: Int32Array, outputs: number, inputs: number): void {
  if (!(Number.isInteger(outputs) && outputs > 0 && Number.isInteger(inputs) && inputs > 0 && weight.length === outputs * inputs))
    throw new RangeError(`Cannot take ${weight.length} weights as a matrix [${outputs}, ${inputs}]`);
}

/** How many vectors x is. @throws RangeError */
export function countVectors(x: Int32Array, inputs: number): number {
  if (x.length % inputs !== 0) throw new RangeError(`Cannot multiply a matrix of ${inputs} inputs by ${x.length} values`);
  return x.length / inputs;
}

/** The definition, without WebAssembly. */
export function scalarProducts(): Products {
  return { name: "scalar", add: scalarMatrix };
}

function scalarMatrix(weight: Int32Array, outputs: number, inputs: number): Matrix {
  checkWeight(weight, outputs, inputs);
  const times = (x: Int32Array): Int32Array => {
    const vectors = countVectors(x, inputs);
    const out = new Int32Array(vectors * outputs);
    for (let v = 0; v < vectors; v++)
      multiply(weight, x.subarray(v * inputs, (v + 1) * inputs), out.subarray(v * outputs, (v + 1) * outputs));
    return out;
  };
  return { outputs, inputs, bytes: 0, times };
}

/** out = W x. Four rows at once: they share what is read of x. */
function multiply(weight: Int32Array, x: Int32Array, out: Int32Array): void {
  const [outputs, inputs] = [out.length, x.length];
  const even = outputs - (outputs % 4);
  for (let o = 0; o < even; o += 4) {
    const row0 = o * inputs;
    const [row1, row2, row3] = [row0 + inputs, row0 + 2 * inputs, row0 + 3 * inputs];
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let k = 0; k < inputs; k++) {
      const v = x[k]!;
      sum0 = (sum0 + Math.imul(weight[row0 + k]!, v)) | 0;
      sum1 = (sum1 + Math.imul(weight[row1 + k]!, v)) | 0;
      sum2 = (sum2 + Math.imul(weight[row2 + k]!, v)) | 0;
      sum3 = (sum3 + Math.imul(weight[row3 + k]!, v)) | 0;
    }
    out[o] = sum0;
    out[o + 1] = sum1;
    out[o + 2] = sum2;
    out[o + 3] = sum3;
  }
  for (let o = even; o < outputs; o++) {
    const row = o * inputs;
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum = (sum + Math.imul(weight[row + k]!, x[k]!)) | 0;
    out[o] = sum;
  }
}
