/** Fraction tree of the reference backend (SPEC §6). */
import * as m31 from "../../field/m31.ts";
import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column, FractionInstance } from "../backend.ts";
import { ensure, log2ceil, product } from "../check.ts";
import { columnOf, elementsOf, store, wordsOf } from "./column.ts";
import { bindElements, equalLength } from "./tables.ts";

/** Leaf layer: 1 or -m over alpha - (t + beta c1 + beta^2 c2 + ...); 0/1 elsewhere. */
export function fractions(bits: number, instances: readonly FractionInstance[], alpha: QM31, beta: QM31) {
  const numerators = Array.from({ length: 2 ** bits }, (): QM31 => qm31.ZERO);
  const denominators = Array.from({ length: 2 ** bits }, (): QM31 => qm31.ONE);
  for (const { offset, shape, columns, table, multiplicity } of instances) {
    const padded = shape.map((size) => 2 ** log2ceil(size));
    ensure(offset + product(padded) <= 2 ** bits, `An instance at ${offset} passes the end of the leaf layer`);
    const powers = qm31.powers(beta, columns.length + 1);
    for (let cell = 0; cell < product(padded); cell++) {
      const real = realIndex(cell, shape, padded);
      let tuple = qm31.fromBase(table);
      columns.forEach((column, k) => {
        const value = real === null ? 0 : wordsOf(column, 1)[real]!;
        tuple = qm31.add(tuple, qm31.scale(powers[k + 1]!, value));
      });
      denominators[offset + cell] = qm31.sub(alpha, tuple);
      const numerator = real === null ? 0 : multiplicity === null ? 1 : m31.neg(wordsOf(multiplicity, 1)[real]!);
      numerators[offset + cell] = qm31.fromBase(numerator);
    }
  }
  return { numerators: columnOf(numerators), denominators: columnOf(denominators) };
}

/** (n0 d1 + n1 d0) / (d0 d1) over the halves. */
export function addFractions(numerators: Column, denominators: Column) {
  const n = elementsOf(numerators);
  const d = elementsOf(denominators);
  const half = equalLength([numerators, denominators]) / 2;
  const cells = Array.from({ length: half }, (_, i) => i);
  return {
    numerators: columnOf(cells.map((i) => qm31.add(qm31.mul(n[i]!, d[i + half]!), qm31.mul(n[i + half]!, d[i]!)))),
    denominators: columnOf(cells.map((i) => qm31.mul(d[i]!, d[i + half]!))),
  };
}

/** q(0), q(inf) of sum_x eq(x) (n0 d1 + n1 d0 + lambda d0 d1)(X, x). */
export function fractionRound(tables: readonly [Column, Column, Column, Column], eq: Column, lambda: QM31, r: QM31 | null): Column {
  let values = tables.map(elementsOf);
  let weights = elementsOf(eq);
  ensure(equalLength(tables) === 2 * eq.length, `eq of ${eq.length} entries for tables of ${equalLength(tables)}`);
  if (r !== null) {
    values = values.map((t) => bindElements(t, r));
    const half = weights.length / 2;
    weights = weights.slice(0, half).map((e, x) => qm31.add(e, weights[x + half]!));
    tables.forEach((table, k) => store(table, 0, values[k]!));
    store(eq, 0, weights);
  }
  const p = ([n0, n1, d0, d1]: QM31[]): QM31 =>
    qm31.add(qm31.add(qm31.mul(n0!, d1!), qm31.mul(n1!, d0!)), qm31.mul(lambda, qm31.mul(d0!, d1!)));
  const half = weights.length;
  const atZero = qm31.sum(weights.map((e, x) => qm31.mul(e, p(values.map((t) => t[x]!)))));
  const leading = qm31.sum(weights.map((e, x) => qm31.mul(e, p(values.map((t) => qm31.sub(t[x + half]!, t[x]!))))));
  return columnOf([atZero, leading]);
}

/** Row-major index among the real cells of a padded cell, or null if it is padding. */
function realIndex(cell: number, shape: readonly number[], padded: readonly number[]): number | null {
  let rest = cell;
  let index = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const i = rest % padded[axis]!;
    if (i >= shape[axis]!) return null;
    rest = Math.floor(rest / padded[axis]!);
    index += i * stride;
    stride *= shape[axis]!;
  }
  return index;
}
