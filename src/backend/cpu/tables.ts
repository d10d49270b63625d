/** Host side of the multilinear tables and column copies. */

import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column, SpreadDimension } from "../backend.ts";
import { ensure, product } from "../check.ts";
import { SCRATCH } from "./layout.ts";
import type { CpuColumn, Workspace } from "./workspace.ts";

/** Outputs of an item of `contractBase`. */
const BLOCK = 16;
const NO_LIMIT = 2 ** 32 - 1;

/** weight * eq(point, .), by doubling from the last variable. */
export function eqTable(space: Workspace, point: readonly QM31[], weight: QM31): CpuColumn {
  const column = space.column(2 ** point.length, 4);
  fillEq(space, column.pointer, point, weight);
  return column;
}

function fillEq(space: Workspace, pointer: number, point: readonly QM31[], weight: QM31): void {
  space.view(pointer, 4).set(weight);
  let size = 1;
  for (const w of point.toReversed()) {
    space.run("eqDouble", size, 7, pointer, size, space.operand(w));
    size *= 2;
  }
}

/** dst[offset + j] += weight * eq(point, j). */
export function addEq(space: Workspace, dst: Column, offset: number, point: readonly QM31[], weight: QM31): void {
  const target = space.own(dst, 4);
  ensure(
    offset >= 0 && offset + 2 ** point.length <= target.length,
    `2^${point.length} entries at ${offset} pass the end of ${target.length}`,
  );
  const at = target.pointer + 16 * offset;
  const first = point[0];
  if (first === undefined) {
    space.view(at, 4).set(qm31.add(space.element(at), weight));
    return;
  }
  const half = 2 ** (point.length - 1);
  space.temporary(16 * half, (table) => {
    fillEq(space, table, point.slice(1), weight);
    space.run("eqAdd", half, 8, at, table, half, space.operand(first));
  });
}

export function bind(space: Workspace, tables: readonly Column[], r: QM31): void {
  for (const table of tables) {
    const { pointer, length } = space.own(table, 4);
    ensure(length % 2 === 0, `A table of ${length} entries has no first variable`);
    space.run("bind", length / 2, 7, pointer, length / 2, space.operand(r));
  }
}

export function contract(space: Workspace, t: Column, outer: number, inner: number, weights: Column): CpuColumn {
  const source = space.own(t);
  const w = space.own(weights, 4);
  const outputs = outer * inner;
  const summed = source.length / outputs;
  ensure(Number.isInteger(summed), `${t.length} entries are not ${outer} x ${inner} blocks`);
  ensure(w.length >= summed, `${w.length} weights for a sum of ${summed}`);
  const out = space.column(outputs, 4);
  const blocks = source.width === 1 ? Math.ceil(outputs / BLOCK) : outputs;
  // Few outputs: cut the sum as well, so that all threads have work.
  const wanted = Math.max(1, Math.min(Math.ceil((4 * space.threads) / blocks), Math.floor(summed / 1024)));
  const chunk = Math.max(1, Math.ceil(summed / wanted));
  const chunks = Math.max(1, Math.ceil(summed / chunk));
  const calculate = (to: number): void => {
    const operands = [to, source.pointer, w.pointer, outputs, summed, inner, chunk];
    if (source.width === 1) space.run("contractBase", blocks * chunks, chunk * Math.min(outputs, BLOCK), ...operands, SCRATCH);
    else space.run("contractExtension", blocks * chunks, 10 * chunk, ...operands);
  };
  if (chunks === 1) calculate(out.pointer);
  else {
    space.temporary(16 * outputs * chunks, (parts) => {
      calculate(parts);
      space.run("sumParts", outputs, 3 * chunks, out.pointer, parts, chunks, outputs);
    });
  }
  return out;
}

export function combine(space: Workspace, columns: readonly Column[], weights: readonly QM31[]): CpuColumn {
  ensure(columns.length === weights.length, `${columns.length} columns and ${weights.length} weights`);
  const length = equalLength(columns);
  const out = space.column(length, 4);
  const list = columns.flatMap((column, k) => [space.own(column).pointer, column.width, 0, 0, ...weights[k]!]);
  space.list(list, (records) => space.run("combine", length, 6 * columns.length, out.pointer, records, columns.length));
  return out;
}

export function spread(space: Workspace, source: Column, shape: readonly number[], dimensions: readonly SpreadDimension[]): CpuColumn {
  const from = space.own(source, 4);
  ensure(product(shape) === from.length, `A source of ${from.length} entries has not the shape ${shape}`);
  const out = space.column(2 ** dimensions.reduce((n, d) => n + d.bits, 0), 4);
  const axes: { bits: number; stride: number; size: number }[] = [];
  for (const { bits, axis } of dimensions.toReversed()) {
    if (bits === 0) continue;
    const next = axis === null ? { bits, stride: 0, size: NO_LIMIT } : { bits, stride: product(shape.slice(axis + 1)), size: shape[axis]! };
    const inner = axes.at(-1);
    // Neighbours that repeat are one, and so are neighbours that are one in the source without a gap.
    if (inner !== undefined && axis === null && inner.stride === 0) inner.bits += bits;
    else if (inner !== undefined && inner.stride > 0 && inner.size === 2 ** inner.bits && next.stride === inner.stride * inner.size) {
      axes[axes.length - 1] = { bits: bits + inner.bits, stride: inner.stride, size: next.size * inner.size };
    } else axes.push(next);
  }
  if (axes.length === 0) axes.push({ bits: 0, stride: 0, size: NO_LIMIT });
  const list = axes.flatMap((axis) => [axis.bits, axis.stride, axis.size]);
  space.list(list, (records) => space.run("spread", out.length, 2, out.pointer, from.pointer, records, axes.length));
  return out;
}

export function lift(space: Workspace, column: Column): CpuColumn {
  const source = space.own(column);
  const out = space.column(source.length, 4);
  if (source.width === 4) space.words(out).set(space.words(source));
  else space.run("lift", source.length, 2, out.pointer, source.pointer);
  return out;
}

export function place(
  space: Workspace,
  dst: Column,
  dstOffset: number,
  src: Column,
  srcOffset: number,
  sizes: readonly number[],
  strides: readonly number[],
): void {
  const target = space.own(dst, 1);
  const source = space.own(src, 1);
  const count = product(sizes);
  if (count === 0) return;
  const last = srcOffset + sizes.reduce((at, size, d) => at + (size - 1) * strides[d]!, 0);
  ensure(
    dstOffset + count <= target.length && last < source.length,
    `Placing entry ${last} of ${source.length} up to ${dstOffset + count} of ${target.length}`,
  );
  const axes = sizes.map((size, d) => ({ size, stride: strides[d]! })).filter((axis) => axis.size > 1);
  const merged: { size: number; stride: number }[] = [];
  for (const axis of axes) {
    const outer = merged.at(-1);
    if (outer !== undefined && outer.stride === axis.stride * axis.size)
      merged[merged.length - 1] = { size: outer.size * axis.size, stride: axis.stride };
    else merged.push(axis);
  }
  if (merged.length === 0) merged.push({ size: 1, stride: 1 });
  const list = merged.toReversed().flatMap((axis) => [axis.size, axis.stride]);
  space.list(list, (records) =>
    space.run("place", count, 1, target.pointer + 4 * dstOffset, source.pointer + 4 * srcOffset, records, merged.length),
  );
}

export function gather(space: Workspace, column: Column, indices: Uint32Array): CpuColumn {
  const source = space.own(column);
  const width = source.width;
  const out = space.column(indices.length, width);
  const from = space.words(source);
  const to = space.words(out);
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k]!;
    ensure(index < source.length, `Index ${index} of ${source.length} entries`);
    for (let w = 0; w < width; w++) to[k * width + w] = from[index * width + w]!;
  }
  return out;
}

/** The one length of all columns. @throws InternalError if there are none or lengths differ */
export function equalLength(columns: readonly Column[]): number {
  const length = columns[0]?.length;
  ensure(length !== undefined, "No columns given");
  ensure(
    columns.every((c) => c.length === length),
    `Columns of different lengths: ${columns.map((c) => c.length)}`,
  );
  return length;
}
