/** Tensors in row-major order, first axis most significant (SPEC §1.4), and the arithmetic of their shapes. */
import { InternalError } from "../errors.ts";

/** Real sizes, all >= 1; [] is a scalar. */
export type Shape = readonly number[];

/** Integers, |value| < 2^31. */
export interface IntTensor {
  readonly shape: Shape;
  readonly data: Int32Array;
}

/** Real numbers of a float model. */
export interface FloatTensor {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array;
}

/** Number of cells of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((n, s) => n * s, 1);
}

/** Distance in cells between neighbours along each axis. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d] ?? 1;
  }
  return strides;
}

/** Whether two shapes are equal, axis by axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((s, d) => s === b[d]);
}

/** An integer tensor of a shape. @throws InternalError if the number of values is another */
export function intTensor(shape: Shape, data: Int32Array | readonly number[]): IntTensor {
  if (data.length !== sizeOf(shape)) throw new InternalError(`${data.length} values for a tensor of shape [${shape}]`);
  return { shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

/** A float tensor of a shape. @throws InternalError if the number of values is another */
export function floatTensor(shape: Shape, data: Float32Array | Float64Array | readonly number[]): FloatTensor {
  if (data.length !== sizeOf(shape)) throw new InternalError(`${data.length} values for a tensor of shape [${shape}]`);
  return { shape, data: Array.isArray(data) ? Float64Array.from(data) : (data as Float32Array | Float64Array) };
}

/** For every cell of the transposed tensor, its index in the original: axis d of the result is axis permutation[d]. */
export function transposedIndices(shape: Shape, permutation: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  const sizes = permutation.map((p) => shape[p] ?? 1);
  const steps = permutation.map((p) => strides[p] ?? 0);
  const indices = new Int32Array(sizeOf(shape));
  const at = sizes.map(() => 0);
  let source = 0;
  for (let i = 0; i < indices.length; i++) {
    indices[i] = source;
    for (let d = at.length - 1; d >= 0; d--) {
      at[d] = at[d]! + 1;
      source += steps[d]!;
      if (at[d]! < sizes[d]!) break;
      source -= steps[d]! * sizes[d]!;
      at[d] = 0;
    }
  }
  return indices;
}
