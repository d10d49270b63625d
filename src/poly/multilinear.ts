/**
 * Multilinear extensions t(z) = sum_x eq(z, x) t(x) of tables and tensors, in time linear in their real cells (SPEC §1.4).
 */
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";
import { bitsOf, cellsOf } from "../system/types.ts";
import { eqTable } from "./eq.ts";

/** The extension of a table of 2^point.length canonical words or elements of K. */
export function evaluate(table: ArrayLike<number> | readonly QM31[], point: readonly QM31[]): QM31 {
  if (table.length !== 2 ** point.length) throw new InternalError(`A table of ${table.length} entries at ${point.length} variables`);
  let values = Array.from(table as ArrayLike<number | QM31>, (entry) => (typeof entry === "number" ? qm31.fromBase(entry) : entry));
  for (const coordinate of point) values = bindFirst(values, coordinate);
  return values[0]!;
}

/** The table with its first variable bound: lo + r (hi - lo). */
export function bindFirst(table: readonly QM31[], r: QM31): QM31[] {
  const half = table.length / 2;
  const bound: QM31[] = [];
  for (let i = 0; i < half; i++) {
    const low = table[i]!;
    bound.push(qm31.add(low, qm31.mul(r, qm31.sub(table[half + i]!, low))));
  }
  return bound;
}

/** More bits of one axis than this are contracted in two steps, so that eq tables stay small. */
const CONTRACTED_BITS = 10;

/**
 * The extension of a tensor of canonical words, row-major with real sizes `shape`, every axis padded with zeros to a power of two. The point has
 * ceil(log2 size) coordinates per axis, first axis first.
 */
export function evaluateTensor(values: ArrayLike<number>, shape: readonly number[], point: readonly QM31[]): QM31 {
  const variables = shape.reduce((bits, size) => bits + bitsOf(size), 0);
  if (values.length !== cellsOf(shape) || point.length !== variables) {
    throw new InternalError(`A tensor of shape [${shape.join(", ")}] with ${values.length} values at ${point.length} variables`);
  }
  let table: Table = { words: values, width: 1 };
  let rest = values.length;
  let next = 0;
  for (const size of shape) {
    rest /= size;
    const end = next + bitsOf(size);
    const middle = end - next > CONTRACTED_BITS ? next + ((end - next) >> 1) : end;
    table = contractFirst(table, point.slice(next, middle), rest * 2 ** (end - middle));
    table = contractFirst(table, point.slice(middle, end), rest);
    next = end;
  }
  const { words, width } = table;
  return width === 1 ? qm31.fromBase(words[0]!) : [words[0]!, words[1]!, words[2]!, words[3]!];
}

interface Table {
  readonly words: ArrayLike<number>;
  readonly width: 1 | 4;
}

/** out[i] = sum_h eq(point, h) table[h stride + i]: binds a leading index whose last block may be incomplete. */
function contractFirst(table: Table, point: readonly QM31[], stride: number): Table {
  if (point.length === 0) return table;
  const { words, width } = table;
  const weights = eqTable(point);
  const length = words.length / width;
  const out = new Uint32Array(4 * Math.min(stride, length));
  for (let start = 0, h = 0; start < length; start += stride, h++) {
    const weight = weights[h]!;
    const end = Math.min(stride, length - start);
    for (let i = 0; i < end; i++) {
      const at = (start + i) * width;
      const word = words[at]!;
      if (width === 1) {
        for (let k = 0; k < 4; k++) out[4 * i + k] = m31.add(out[4 * i + k]!, m31.mul(weight[k]!, word));
      } else {
        const product = qm31.mul(weight, [word, words[at + 1]!, words[at + 2]!, words[at + 3]!]);
        for (let k = 0; k < 4; k++) out[4 * i + k] = m31.add(out[4 * i + k]!, product[k]!);
      }
    }
  }
  return { words: out, width: 4 };
}

/** The extension of [x < size] on the indices x of the point's variables; 0 <= size <= 2^point.length. */
export function maskAt(size: number, point: readonly QM31[]): QM31 {
  const bits = point.length;
  if (size < 0 || size > 2 ** bits) throw new InternalError(`A mask of ${size} cells on ${bits} variables`);
  if (size === 2 ** bits) return qm31.ONE;
  // x < size if x agrees with size on the first k bits, where size has 1 and x has 0 next.
  let total = qm31.ZERO;
  let agree = qm31.ONE;
  for (let k = 0; k < bits; k++) {
    const one = qm31.mul(agree, point[k]!);
    const zero = qm31.sub(agree, one);
    const bit = Math.floor(size / 2 ** (bits - 1 - k)) % 2;
    if (bit === 1) total = qm31.add(total, zero);
    agree = bit === 1 ? one : zero;
  }
  return total;
}

/** The extension of the index itself, sum_k 2^(n-1-k) z_k. */
export function iotaAt(point: readonly QM31[]): QM31 {
  let total = qm31.ZERO;
  for (const coordinate of point) total = qm31.add(qm31.add(total, total), coordinate);
  return total;
}
