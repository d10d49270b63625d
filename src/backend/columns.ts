/** The device's copies of the system's columns, made there or brought there on first need, and evaluations of them. */

import { InternalError } from "../errors.ts";
import { fromInteger } from "../field/m31.ts";
import type { ColumnId, System } from "../system/types.ts";
import type { Column, Scalar, Session } from "./backend.ts";

/** Signed integers as canonical words. */
export function toWords(values: Int32Array): Uint32Array {
  const words = new Uint32Array(values.length); // a plain loop: Uint32Array.from takes ten times as long
  for (let k = 0; k < words.length; k++) words[k] = fromInteger(values[k]!);
  return words;
}

export class ColumnStore {
  readonly session: Session;
  readonly #system: System;
  readonly #make: (column: ColumnId) => Column;
  readonly #columns = new Map<ColumnId, Column>();
  readonly #equalities = new Map<string, Column>();

  /** `make`: brings a column to the device: canonical words, real cells, row-major. */
  constructor(session: Session, system: System, make: (column: ColumnId) => Column) {
    this.session = session;
    this.#system = system;
    this.#make = make;
  }

  /** Takes columns that are on the device already. */
  add(columns: ReadonlyMap<ColumnId, Column>): void {
    for (const [id, column] of columns) this.#columns.set(id, column);
  }

  column(id: ColumnId): Column {
    let column = this.#columns.get(id);
    if (!column) {
      column = this.#make(id);
      this.#columns.set(id, column);
    }
    return column;
  }

  /** eq(point, .), kept: many columns share a point. */
  equality(point: readonly Scalar[]): Column {
    const key = point.join(",");
    let table = this.#equalities.get(key);
    if (!table) {
      table = this.session.eqTable(point);
      this.#equalities.set(key, table);
    }
    return table;
  }

  /**
   * Contracts the dimensions that have a point (SPEC §1.4), the largest first: what is left is a width-4 tensor over the dimensions whose point is null, in
   * order, real sizes.
   */
  contract(source: Column, shape: readonly number[], points: readonly (readonly Scalar[] | null)[]): Column {
    let current = source;
    const sizes = [...shape];
    const order = points.flatMap((p, d) => (p === null ? [] : [d])).sort((a, b) => (shape[b] ?? 1) - (shape[a] ?? 1));
    for (const d of order) {
      const size = sizes[d] ?? 1;
      const point = points[d];
      if (!point || size === 1) continue; // a size-1 dimension has no variables
      const outer = sizes.slice(0, d).reduce((n, s) => n * s, 1);
      const inner = sizes.slice(d + 1).reduce((n, s) => n * s, 1);
      const next = this.session.contract(current, outer, inner, this.equality(point));
      if (current !== source) this.session.free(current);
      current = next;
      sizes[d] = 1;
    }
    return current.width === 4 ? current : this.session.lift(current);
  }

  /** The values of columns at points, one a dimension, as columns of one element. */
  evaluate(claims: readonly { readonly column: ColumnId; readonly point: readonly (readonly Scalar[])[] }[]): Column[] {
    return this.session.evaluate(
      claims.map(({ column, point }) => {
        const shape = this.shape(column);
        const axes = shape.flatMap((size, d) => (size > 1 ? [d] : [])); // an axis of size 1 has no variables
        return {
          tensor: this.column(column),
          shape: axes.map((d) => shape[d] ?? 1),
          weights: axes.map((d) => this.equality(point[d] ?? [])),
        };
      }),
    );
  }

  shape(id: ColumnId): readonly number[] {
    const spec = this.#system.columns[id];
    if (!spec) throw new InternalError(`no column ${id}`);
    return spec.shape;
  }
}
