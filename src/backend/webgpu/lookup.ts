/** The leaves and layers of the fraction tree on the device (SPEC §6). */
import { addFractions as addKernel } from "../../../shaders/lookup/add-fractions.wgsl.ts";
import { fractions as fractionsKernel } from "../../../shaders/lookup/fractions.wgsl.ts";
import type { Column, FractionInstance, Scalar } from "../backend.ts";
import { ensure, log2ceil, product } from "../check.ts";
import { elementsOf, wordsOf } from "./column.ts";
import { equalLength, fill } from "./tables.ts";
import { groupsFor, type Workspace } from "./workspace.ts";

const NO_MULTIPLICITY = 0xffffffff;

/** Numerators and denominators of one layer. */
export interface Layer {
  readonly numerators: Column;
  readonly denominators: Column;
}

export function fractions(space: Workspace, bits: number, instances: readonly FractionInstance[], alpha: Scalar, beta: Scalar): Layer {
  const size = 2 ** bits;
  const numerators = space.column(size, 4);
  const denominators = space.column(size, 4);
  const blank = (first: number, end: number): void => {
    fill(space, elementsOf(numerators) + first, end - first, [0, 0, 0, 0]);
    fill(space, elementsOf(denominators) + first, end - first, [1, 0, 0, 0]);
  };
  let covered = 0;
  for (const { offset, shape, columns, table, multiplicity } of [...instances].sort((a, b) => a.offset - b.offset)) {
    const axes = shape.map((axis) => [log2ceil(axis), axis]);
    const count = product(axes.map(([axisBits]) => 2 ** axisBits!));
    ensure(
      offset >= covered && offset + count <= size,
      `An instance of ${count} at ${offset} overlaps or passes the end of the leaf layer`,
    );
    if (offset > covered) blank(covered, offset);
    covered = offset + count;
    const addresses = [elementsOf(numerators) + offset, elementsOf(denominators) + offset, space.scalar(alpha), space.scalar(beta)];
    const lists = [...columns.map((column) => wordsOf(column, 1)), ...axes.reverse().flat()];
    const m = multiplicity === null ? NO_MULTIPLICITY : wordsOf(multiplicity, 1);
    space.run(fractionsKernel, groupsFor(count), [count, ...addresses, table, m, columns.length, shape.length, ...lists]);
  }
  if (covered < size) blank(covered, size);
  return { numerators, denominators };
}

export function addFractions(space: Workspace, numerators: Column, denominators: Column): Layer {
  const half = equalLength([numerators, denominators]) / 2;
  const above = { numerators: space.column(half, 4), denominators: space.column(half, 4) };
  const addresses = [numerators, denominators, above.numerators, above.denominators].map(elementsOf);
  space.each(addKernel, 3 * half, [half, ...addresses]);
  return above;
}
