/** Table columns (SPEC §4.4): the prover lists them, the verifier evaluates the structural ones in logarithmic time. */
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import { eqBits } from "../poly/eq.ts";
import { bitsOf, type TableColumn } from "../system/types.ts";
import { piecesOf } from "../tensor/blocks.ts";

/** The integers of a structural table column, in index order. */
export function tableCells(column: TableColumn, size: number): Int32Array {
  if (column.kind === "column") throw new InternalError("a committed table column has no formula");
  const start = column.kind === "iota" ? column.start : -size / 2;
  return Int32Array.from({ length: size }, (_, i) => (column.kind === "iota" ? start + i : Math.max(0, start + i)));
}

/** The multilinear extension of a structural table column (0 on padded cells) at a point of ceil(log2 size) coordinates. */
export function evaluateTable(column: TableColumn, size: number, point: readonly QM31[]): QM31 {
  if (column.kind === "column") throw new InternalError("a committed table column has no formula");
  if (column.kind === "iota") return evaluateIota(column.start, size, point);
  // relu: 0 on the lower half, index - size/2 on the upper one, which is iota(0) over the other variables.
  const [first, ...rest] = point;
  if (!first) throw new InternalError("relu table of one row");
  return k.mul(first, evaluateIota(0, size / 2, rest));
}

/** sum_{x < size} (start + x) eq(x, point): one closed form for every power-of-two piece of the range. */
function evaluateIota(start: number, size: number, point: readonly QM31[]): QM31 {
  const n = bitsOf(size);
  let total = k.ZERO;
  for (const { offset, bits } of piecesOf(size)) {
    const prefix = eqBits(point.slice(0, n - bits), offset / 2 ** bits, n - bits);
    let value = k.fromInteger(start + offset);
    point.slice(n - bits).forEach((x, i) => {
      value = k.add(value, k.scale(x, m31.fromInteger(2 ** (bits - 1 - i))));
    });
    total = k.add(total, k.mul(prefix, value));
  }
  return total;
}
