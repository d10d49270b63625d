/** Sumcheck rounds of the reference backend (SPEC §7.4, §8.4). X is the next variable, the most significant bit of the tables of `size`. */

import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column } from "../backend.ts";
import { ensure } from "../check.ts";
import { columnOf, elementsOf, store } from "./column.ts";
import { bindElements, line } from "./tables.ts";

/** A product of tables (indices) with its weight. */
export interface Term {
  readonly tables: readonly number[];
  readonly weight: QM31;
}

export interface Pair {
  readonly first: Column;
  readonly second: Column;
  readonly weight: QM31;
}

/** Brings a column to `size` entries: binds one of twice the size in place, leaves one of that size. */
export function joinRound(column: Column, size: number, r: QM31 | null): QM31[] {
  const values = elementsOf(column);
  if (column.length === size) return values;
  ensure(column.length === 2 * size && r !== null, `A table of ${column.length} entries in a round of ${size}`);
  const bound = bindElements(values, r);
  store(column, 0, bound);
  return bound;
}

/** sum_t weight_t sum_x prod tables(X, x) + idle at X = 0, 2, ..., degree. */
export function productRound(
  size: number,
  columns: readonly Column[],
  terms: readonly Term[],
  idle: QM31,
  degree: number,
  r: QM31 | null,
): Column {
  const tables = columns.map((column) => joinRound(column, size, r));
  ensure(
    terms.every((term) => term.tables.length >= 1),
    "A term without tables",
  );
  const half = size / 2;
  const points = Array.from({ length: degree }, (_, k) => (k === 0 ? 0 : k + 1));
  const sums = points.map((X) => {
    let sum = idle;
    for (const term of terms) {
      for (let x = 0; x < half; x++) {
        const values = term.tables.map((t) => line(tables[t]![x]!, tables[t]![x + half]!, qm31.fromBase(X)));
        sum = qm31.add(sum, values.reduce(qm31.mul, term.weight));
      }
    }
    return sum;
  });
  return columnOf(sums);
}

/** [q(0), leading coefficient] of sum_t weight_t <first_t, second_t>, idle added to q(0). */
export function innerRound(size: number, pairs: readonly Pair[], idle: QM31, r: QM31 | null): Column {
  const half = size / 2;
  const columns = new Set(pairs.flatMap((pair) => [pair.first, pair.second]));
  const values = new Map(Array.from(columns, (column) => [column, joinRound(column, size, r)]));
  let atZero = idle;
  let leading = qm31.ZERO;
  for (const { first, second, weight } of pairs) {
    const f = values.get(first)!;
    const g = values.get(second)!;
    for (let x = 0; x < half; x++) {
      const slopes = qm31.mul(qm31.sub(f[x + half]!, f[x]!), qm31.sub(g[x + half]!, g[x]!));
      atZero = qm31.add(atZero, qm31.mul(weight, qm31.mul(f[x]!, g[x]!)));
      leading = qm31.add(leading, qm31.mul(weight, slopes));
    }
  }
  return columnOf([atZero, leading]);
}
