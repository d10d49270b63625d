/**
 * Tensors whose values stay where they are, in a file, until they are asked for: a model may be larger than memory. Rows are the parts along the first axis;
 * those of a vector are single cells.
 */
import { InternalError } from "../errors.ts";
import { type FloatTensor, type Shape, sizeOf } from "./tensor.ts";

type Values = FloatTensor["data"];

/** Values of `count` rows from row `from` on, in row-major order, in an array of their own. */
type ReadRows = (from: number, count: number) => Values;

export class LazyTensor implements FloatTensor {
  readonly shape: Shape;
  readonly #read: ReadRows;

  constructor(shape: Shape, read: ReadRows) {
    this.shape = shape;
    this.#read = read;
  }

  /** All values, read and converted at every access and not kept: take them once, before a loop. */
  get data(): Values {
    return this.rows(0, this.shape[0] ?? 1);
  }

  /** Values of `count` rows from row `from` on. @throws InternalError if there are no such rows */
  rows(from: number, count: number): Values {
    if (from < 0 || count < 0 || from + count > (this.shape[0] ?? 1))
      throw new InternalError(`No rows ${from} to ${from + count} in a tensor of shape [${this.shape}]`);
    return this.#read(from, count);
  }
}

/** Values of `count` rows of any tensor, of which a lazy one reads no others. */
export function rowsOf(tensor: FloatTensor, from: number, count: number): Values {
  if (tensor instanceof LazyTensor) return tensor.rows(from, count);
  const cells = sizeOf(tensor.shape.slice(1));
  return tensor.data.subarray(from * cells, (from + count) * cells);
}

/** The tensor whose row r is row `order[r]` of another. */
export function withRows(tensor: FloatTensor, order: Int32Array): LazyTensor {
  const cells = sizeOf(tensor.shape.slice(1));
  return new LazyTensor([order.length, ...tensor.shape.slice(1)], (from, count) => {
    const wanted = order.subarray(from, from + count);
    const first = wanted.reduce((a, b) => Math.min(a, b), wanted[0] ?? 0);
    const last = wanted.reduce((a, b) => Math.max(a, b), first);
    const source = rowsOf(tensor, first, last - first + 1);
    const out = like(source, count * cells);
    wanted.forEach((row, r) => {
      out.set(source.subarray((row - first) * cells, (row - first + 1) * cells), r * cells);
    });
    return out;
  });
}

/** The transpose of columns `first` to `first + columns` of a matrix [inputs, outputs]: [columns, inputs]. Reading any of it reads the whole matrix. */
export function transposedColumns(matrix: FloatTensor, first: number, columns: number): LazyTensor {
  const [inputs = 0, width = 0] = matrix.shape;
  return new LazyTensor([columns, inputs], (from, count) => {
    const source = matrix.data;
    const out = like(source, count * inputs);
    for (let r = 0; r < count; r++) for (let i = 0; i < inputs; i++) out[r * inputs + i] = source[i * width + first + from + r] ?? 0;
    return out;
  });
}

function like(values: Values, length: number): Values {
  return values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}
