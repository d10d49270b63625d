/** Host side of the fraction tree. */

import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column, FractionInstance } from "../backend.ts";
import { ensure, log2ceil, product } from "../check.ts";
import { equalLength } from "./tables.ts";
import type { CpuColumn, Workspace } from "./workspace.ts";

/** The leaf layer: instances, and 0/1 in the gaps between them. */
export function fractions(space: Workspace, bits: number, instances: readonly FractionInstance[], alpha: QM31, beta: QM31) {
  const length = 2 ** bits;
  const numerators = space.column(length, 4);
  const denominators = space.column(length, 4);
  const empty = (from: number, to: number): void =>
    space.run("emptyFractions", to - from, 3, numerators.pointer + 16 * from, denominators.pointer + 16 * from);
  let covered = 0;
  for (const instance of instances.toSorted((a, b) => a.offset - b.offset)) {
    const cells = product(instance.shape.map((size) => 2 ** log2ceil(size)));
    ensure(
      instance.offset >= covered && instance.offset + cells <= length,
      `An instance of ${cells} cells at ${instance.offset} overlaps another or the end`,
    );
    empty(covered, instance.offset);
    covered = instance.offset + cells;
    const at = 16 * instance.offset;
    space.list(leafRecord(space, instance, alpha, beta), (record) =>
      space.run("fractionLeaves", cells, 3 + 2 * instance.columns.length, numerators.pointer + at, denominators.pointer + at, record),
    );
  }
  empty(covered, length);
  return { numerators, denominators };
}

/** The operand of `fractionLeaves`. Trailing axes of a power of two are one with the axis before them. */
function leafRecord(space: Workspace, instance: FractionInstance, alpha: QM31, beta: QM31): number[] {
  const cells = product(instance.shape);
  const pointer = (column: Column): number => {
    ensure(column.length === cells, `A column of ${column.length} entries for ${cells} cells`);
    return space.own(column, 1).pointer;
  };
  const powers = qm31.powers(beta, instance.columns.length + 1);
  const axes: { size: number; bits: number }[] = [];
  for (const size of instance.shape.toReversed()) {
    const inner = axes.at(-1);
    if (inner !== undefined && inner.size === 2 ** inner.bits)
      axes[axes.length - 1] = { size: size * inner.size, bits: log2ceil(size) + inner.bits };
    else axes.push({ size, bits: log2ceil(size) });
  }
  if (axes.length === 0) axes.push({ size: 1, bits: 0 });
  return [
    ...qm31.sub(alpha, qm31.fromBase(instance.table)),
    ...[instance.columns.length, instance.multiplicity === null ? 0 : pointer(instance.multiplicity), axes.length, 0],
    ...instance.columns.flatMap((column, k) => [pointer(column), 0, 0, 0, ...qm31.neg(powers[k + 1]!)]),
    ...axes.flatMap((axis) => [axis.size, axis.bits]),
  ];
}

export function addFractions(
  space: Workspace,
  numerators: Column,
  denominators: Column,
): { numerators: CpuColumn; denominators: CpuColumn } {
  const n = space.own(numerators, 4);
  const d = space.own(denominators, 4);
  const half = equalLength([n, d]) / 2;
  ensure(Number.isInteger(half), `${n.length} fractions are not pairs`);
  const out = { numerators: space.column(half, 4), denominators: space.column(half, 4) };
  space.run("addFractions", half, 16, out.numerators.pointer, out.denominators.pointer, n.pointer, d.pointer, half);
  return out;
}

export function fractionRound(
  space: Workspace,
  tables: readonly [Column, Column, Column, Column],
  eq: Column,
  lambda: QM31,
  r: QM31 | null,
): QM31[] {
  const [n0, n1, d0, d1] = tables.map((table) => space.own(table, 4).pointer);
  const length = equalLength(tables);
  const weights = space.own(eq, 4);
  ensure(length === 2 * weights.length, `eq of ${weights.length} entries for tables of ${length}`);
  const half = r === null ? length / 2 : length / 4;
  ensure(half >= 1 && Number.isInteger(half), `Tables of ${length} entries have no variable left`);
  const challenge = r === null ? 0 : space.operand(r);
  return space.sums(2, (sums) =>
    space.run(
      "fractionRound",
      half,
      r === null ? 50 : 105,
      n0!,
      n1!,
      d0!,
      d1!,
      weights.pointer,
      half,
      challenge,
      space.operand(lambda),
      sums,
    ),
  );
}
