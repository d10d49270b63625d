/**
 * Structural factors (SPEC §4.3): 0/1 tensors that the prover lists and the verifier evaluates at a point, in time linear in the sizes or less.
 * `cells` is the definition; `evaluate` is its multilinear extension, tested to agree.
 */
import { InternalError } from "../errors.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import { eqBits, eqTable } from "../poly/eq.ts";
import { maskAt } from "../poly/multilinear.ts";
import { bitsOf, type ColumnId, type Factor } from "./types.ts";

/** The cells of a public column whose values are indices. */
export type PublicIndices = (column: ColumnId) => ArrayLike<number>;

/** The tensor of a factor, row-major over the real sizes of its axes: words 0 and 1. */
export function factorCells(factor: Factor, sizes: readonly number[], indices: PublicIndices): Uint32Array {
  const [a = 1, b = 1, c = 1] = sizes;
  const cells = new Uint32Array(a * b * c);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) for (let l = 0; l < c; l++) cells[(i * b + j) * c + l] = isOne(factor, i, j, l, indices) ? 1 : 0;
  return cells;
}

/** The multilinear extension of a factor at one point per axis. */
export function evaluateFactor(
  factor: Factor,
  sizes: readonly number[],
  points: readonly (readonly QM31[])[],
  indices: PublicIndices,
): QM31 {
  const [a = 1, b = 1, c = 1] = sizes;
  const [x = [], y = [], z = []] = points;
  switch (factor.kind) {
    case "ones":
      return maskAt(a, x);
    case "at":
      return eqBits(x, factor.index, bitsOf(a));
    case "select":
      return eqBits(x, indices(factor.column)[0] ?? 0, bitsOf(a));
    case "below":
      return maskAt(indices(factor.column)[0] ?? 0, x);
    case "shift": {
      const ex = eqTable(x);
      const ey = eqTable(y);
      let total = k.ZERO;
      for (let i = 0; i < a; i++) {
        const j = i + factor.offset;
        if (j >= 0 && j < b) total = k.add(total, k.mul(entry(ex, i), entry(ey, j)));
      }
      return total;
    }
    case "window": {
      const ex = eqTable(x);
      const ey = eqTable(y);
      const ez = eqTable(z);
      let total = k.ZERO;
      for (let o = 0; o < a; o++) {
        let inner = k.ZERO;
        for (let w = 0; w < b; w++) {
          const i = o * factor.stride + w * factor.dilation - factor.pad;
          if (i >= 0 && i < c) inner = k.add(inner, k.mul(entry(ey, w), entry(ez, i)));
        }
        total = k.add(total, k.mul(entry(ex, o), inner));
      }
      return total;
    }
    case "causal": {
      const ex = eqTable(x);
      const ey = eqTable(y);
      let total = k.ZERO;
      let upTo = k.ZERO;
      for (let i = 0; i < a; i++) {
        if (i < b) upTo = k.add(upTo, entry(ey, i));
        total = k.add(total, k.mul(entry(ex, i), upTo));
      }
      return total;
    }
    case "selectEach":
    case "belowEach": {
      const chosen = indices(factor.column);
      let total = k.ZERO;
      eqTable(x)
        .slice(0, a)
        .forEach((e, i) => {
          const index = chosen[i] ?? 0;
          if (factor.kind === "belowEach") total = k.add(total, k.mul(e, maskAt(index, y)));
          else if (index < b) total = k.add(total, k.mul(e, eqBits(y, index, bitsOf(b))));
        });
      return total;
    }
  }
}

/** The dimensions of a factor whose index the others determine: fixing the rest, at most one index is 1. Used to bound sums. */
export function determinedDimension(factor: Factor): number | null {
  switch (factor.kind) {
    case "at":
    case "select":
      return 0;
    case "shift":
    case "selectEach":
      return 1;
    case "window":
      return 2;
    default:
      return null;
  }
}

function isOne(factor: Factor, i: number, j: number, l: number, indices: PublicIndices): boolean {
  switch (factor.kind) {
    case "ones":
      return true;
    case "at":
      return i === factor.index;
    case "select":
      return i === indices(factor.column)[0];
    case "below":
      return i < (indices(factor.column)[0] ?? 0);
    case "shift":
      return j === i + factor.offset;
    case "window":
      return l === i * factor.stride + j * factor.dilation - factor.pad;
    case "causal":
      return j <= i;
    case "selectEach":
      return j === indices(factor.column)[i];
    case "belowEach":
      return j < (indices(factor.column)[i] ?? 0);
  }
}

function entry(table: readonly QM31[], index: number): QM31 {
  const value = table[index];
  if (value === undefined) throw new InternalError(`eq table has no entry ${index}`);
  return value;
}
