/** Columns and multilinear tables on the device. */
import { combine as combineKernel } from "../../../shaders/columns/combine.wgsl.ts";
import { fill as fillKernel } from "../../../shaders/columns/fill.wgsl.ts";
import { gather as gatherKernel } from "../../../shaders/columns/gather.wgsl.ts";
import { lift as liftKernel } from "../../../shaders/columns/lift.wgsl.ts";
import { place as placeKernel } from "../../../shaders/columns/place.wgsl.ts";
import { bind as bindKernel } from "../../../shaders/multilinear/bind.wgsl.ts";
import { contractColumns } from "../../../shaders/multilinear/contract-columns.wgsl.ts";
import { contractRows } from "../../../shaders/multilinear/contract-rows.wgsl.ts";
import { spread as spreadKernel } from "../../../shaders/multilinear/spread.wgsl.ts";
import { sumSegments } from "../../../shaders/multilinear/sum-segments.wgsl.ts";
import type { Column, Scalar, SpreadDimension } from "../backend.ts";
import { ensure, log2ceil, product } from "../check.ts";
import { elementsOf, type GpuColumn, wordsOf } from "./column.ts";
import { groupsFor, type Workspace } from "./workspace.ts";

/** Indices of one dispatch; a multiple of 4. */
const GATHER_LIST = 8192;
/** Invocations that a contraction is cut into at least, if its sums are long enough. */
const INVOCATIONS = 2 ** 14;
/** Products in K up to which a contraction is cut for one workgroup. */
const SHARED = 2 ** 13;
/** Invocations that share it. */
const SOLO_LANES = 256;
/** From here on neighbouring invocations take neighbouring outputs; below, lanes share a sum. */
const WIDE = 16;

/** Writes `count` elements with the given words from an element address on. */
export function fill(space: Workspace, address: number, count: number, value: readonly [number, number, number, number]): void {
  space.each(fillKernel, count, [count, address, ...value]);
}

export function zeros(space: Workspace, length: number, width: 1 | 4): GpuColumn {
  const column = space.column(length, width);
  fill(space, column.address / 4, Math.ceil((length * width) / 4), [0, 0, 0, 0]);
  return column;
}

export function lift(space: Workspace, column: Column): Column {
  const out = space.column(column.length, 4);
  if (column.width === 1) space.each(liftKernel, column.length, [column.length, elementsOf(out), wordsOf(column)]);
  else space.copy(elementsOf(out), elementsOf(column), column.length);
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
  const count = product(sizes);
  if (count === 0) return;
  const last = sizes.reduce((at, size, d) => at + (size - 1) * strides[d]!, srcOffset);
  ensure(dstOffset + count <= dst.length && last < src.length, `Placing ${count} entries at ${dstOffset} of ${dst.length}`);
  const begin = wordsOf(dst, 1) + dstOffset;
  const touched = Math.ceil((begin + count) / 4) - Math.floor(begin / 4);
  const axes = sizes.flatMap((size, d) => [[size, strides[d]!]]).reverse();
  const parameters = [touched, begin, count, wordsOf(src, 1) + srcOffset, axes.length, ...axes.flat()];
  space.each(placeKernel, count, parameters);
}

export function gather(space: Workspace, column: Column, indices: Uint32Array): Column {
  for (const index of indices) ensure(index < column.length, `Index ${index} of ${column.length} entries`);
  const out = space.column(indices.length, column.width);
  const isWords = column.width === 1;
  const source = isWords ? wordsOf(column) : elementsOf(column);
  for (let at = 0; at < indices.length; at += GATHER_LIST) {
    const part = indices.subarray(at, at + GATHER_LIST);
    const invocations = isWords ? Math.ceil(part.length / 4) : part.length;
    const target = out.address / 4 + (isWords ? at / 4 : at);
    space.run(gatherKernel, groupsFor(invocations), [part.length, target, source, isWords ? 1 : 0, ...part]);
  }
  return out;
}

export function contract(space: Workspace, t: Column, outer: number, inner: number, weights: Column): Column {
  const outputs = outer * inner;
  const summed = t.length / outputs;
  ensure(Number.isInteger(summed), `${t.length} entries are not ${outer} x ${inner} blocks`);
  ensure(weights.length >= summed, `${weights.length} weights for a sum of ${summed}`);
  const out = space.column(outputs, 4);
  const words = t.width === 1;
  const [source, factors] = [words ? wordsOf(t) : elementsOf(t), elementsOf(weights)];
  const products = words ? t.length / 4 : t.length;
  const alone = inner >= WIDE || summed < WIDE || products <= SHARED; // one invocation a sum
  const segment = segmentLength(outputs, summed, alone, products);
  const segments = Math.ceil(summed / segment);
  const run = (target: number): void => {
    const parameters = [outputs, inner, summed, segment];
    const operands = [source, words ? 1 : 0, factors, target];
    if (alone) space.each(contractColumns, products, [outputs * segments, ...parameters, ...operands]);
    else space.run(contractRows, outputs * segments, [...parameters, segments, ...operands]);
  };
  if (segments === 1) {
    run(elementsOf(out));
  } else {
    space.withMemory(outputs * segments, (partials) => {
      run(partials);
      space.each(sumSegments, outputs * segments, [outputs, elementsOf(out), partials, segments]);
    });
  }
  return out;
}

/** Entries b that are added up in one go: enough parts to keep the device busy, not so many that adding up the parts takes as long. */
function segmentLength(outputs: number, summed: number, alone: boolean, products: number): number {
  if (products <= SHARED) return Math.max(Math.ceil(Math.sqrt(summed)), Math.ceil((outputs * summed) / SOLO_LANES));
  const most = alone ? Math.ceil(INVOCATIONS / outputs) : Math.ceil(INVOCATIONS / WIDE / outputs);
  return Math.max(alone ? 32 : 512, Math.ceil(summed / most));
}

export function spread(space: Workspace, source: Column, shape: readonly number[], dimensions: readonly SpreadDimension[]): Column {
  ensure(product(shape) === source.length, `A source of ${source.length} entries has not the shape ${shape}`);
  const bits = dimensions.reduce((n, d) => n + d.bits, 0);
  const out = space.column(2 ** bits, 4);
  const parts = dimensions.map(({ bits, axis }) =>
    axis === null ? [bits, 2 ** bits, 0] : [bits, shape[axis]!, product(shape.slice(axis + 1))],
  );
  space.run(spreadKernel, groupsFor(out.length), [
    out.length,
    elementsOf(out),
    elementsOf(source),
    parts.length,
    ...parts.reverse().flat(),
  ]);
  return out;
}

export function combine(space: Workspace, columns: readonly Column[], weights: readonly Scalar[]): Column {
  ensure(columns.length === weights.length, `${columns.length} columns and ${weights.length} weights`);
  const length = equalLength(columns);
  const out = space.column(length, 4);
  const summands = columns.flatMap((column, k) => [
    column.width === 1 ? wordsOf(column) : elementsOf(column),
    column.width === 1 ? 1 : 0,
    space.scalar(weights[k]!),
  ]);
  space.each(combineKernel, length * columns.length, [length, elementsOf(out), columns.length, ...summands]);
  return out;
}

export function bind(space: Workspace, tables: readonly Column[], r: Scalar): void {
  if (tables.length === 0) return;
  const halves = tables.map((table) => table.length / 2);
  const bits = log2ceil(Math.max(...halves));
  const list = tables.flatMap((table, k) => [elementsOf(table), halves[k]!]);
  const count = tables.length * 2 ** bits;
  space.each(bindKernel, count, [count, bits, space.scalar(r), ...list]);
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
