/** Multilinear tables of the reference backend (SPEC §1.4, §1.5). Variable 0 is the most significant index bit. */

import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column, Evaluation, SpreadDimension } from "../backend.ts";
import { ensure, product } from "../check.ts";
import { columnOf, elementsOf, store } from "./column.ts";

/** weight * prod_k (x_k ? w_k : 1 - w_k) for all x. */
export function eqElements(point: readonly QM31[], weight: QM31): QM31[] {
  let table: QM31[] = [weight];
  for (const w of point) table = table.flatMap((e) => [qm31.mul(e, qm31.sub(qm31.ONE, w)), qm31.mul(e, w)]);
  return table;
}

/** lo + r (hi - lo) over the halves of a table. */
export function bindElements(table: readonly QM31[], r: QM31): QM31[] {
  const half = table.length / 2;
  return Array.from({ length: half }, (_, x) => line(table[x]!, table[x + half]!, r));
}

/** lo + x (hi - lo). */
export function line(lo: QM31, hi: QM31, x: QM31): QM31 {
  return qm31.add(lo, qm31.mul(x, qm31.sub(hi, lo)));
}

export function evaluate({ tensor, shape, weights }: Evaluation): Column {
  ensure(tensor.length === product(shape), `${tensor.length} cells are not of shape [${shape}]`);
  const cells = elementsOf(tensor);
  const tables = weights.map(elementsOf);
  const terms = cells.map((cell, x) => {
    let rest = x;
    let term = cell;
    for (let d = shape.length - 1; d >= 0; d--) {
      term = qm31.mul(term, tables[d]![rest % shape[d]!]!);
      rest = Math.floor(rest / shape[d]!);
    }
    return term;
  });
  return columnOf([qm31.sum(terms)]);
}

export function contract(t: Column, outer: number, inner: number, weights: Column): Column {
  const summed = t.length / (outer * inner);
  ensure(Number.isInteger(summed), `${t.length} entries are not ${outer} x ${inner} blocks`);
  ensure(weights.length >= summed, `${weights.length} weights for a sum of ${summed}`);
  const values = elementsOf(t);
  const w = elementsOf(weights);
  const out: QM31[] = [];
  for (let a = 0; a < outer; a++) {
    for (let c = 0; c < inner; c++) {
      out.push(qm31.sum(w.slice(0, summed).map((weight, b) => qm31.mul(weight, values[(a * summed + b) * inner + c]!))));
    }
  }
  return columnOf(out);
}

export function spread(source: Column, shape: readonly number[], dimensions: readonly SpreadDimension[]): Column {
  ensure(product(shape) === source.length, `A source of ${source.length} entries has not the shape ${shape}`);
  const values = elementsOf(source);
  const bits = dimensions.reduce((n, d) => n + d.bits, 0);
  const out = Array.from({ length: 2 ** bits }, (_, x) => {
    const index = shape.map(() => 0);
    let rest = x;
    for (const d of dimensions.toReversed()) {
      if (d.axis !== null) index[d.axis] = rest % 2 ** d.bits;
      rest = Math.floor(rest / 2 ** d.bits);
    }
    if (index.some((i, axis) => i >= shape[axis]!)) return qm31.ZERO;
    return values[index.reduce((at, i, axis) => at * shape[axis]! + i, 0)]!;
  });
  return columnOf(out);
}

export function sumProduct(tables: readonly Column[]): Column {
  const values = tables.map(elementsOf);
  const length = equalLength(tables);
  const products = Array.from({ length }, (_, x) => values.map((t) => t[x]!).reduce(qm31.mul));
  return columnOf([qm31.sum(products)]);
}

export function combine(columns: readonly Column[], weights: readonly QM31[]): Column {
  ensure(columns.length === weights.length, `${columns.length} columns and ${weights.length} weights`);
  const values = columns.map(elementsOf);
  const length = equalLength(columns);
  return columnOf(Array.from({ length }, (_, x) => qm31.sum(values.map((t, k) => qm31.mul(weights[k]!, t[x]!)))));
}

export function bind(tables: readonly Column[], r: QM31): void {
  for (const table of tables) store(table, 0, bindElements(elementsOf(table), r));
}

export function addEq(dst: Column, offset: number, point: readonly QM31[], weight: QM31): void {
  const eq = eqElements(point, weight);
  const old = elementsOf(dst).slice(offset, offset + eq.length);
  ensure(old.length === eq.length, `${eq.length} entries at ${offset} pass the end of ${dst.length}`);
  store(
    dst,
    offset,
    old.map((e, j) => qm31.add(e, eq[j]!)),
  );
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
