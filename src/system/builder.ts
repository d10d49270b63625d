/**
 * Builds a constraint system (SPEC §4). Operators call it; it owns the numbering, shares tables, and makes every range look-up.
 * Weight columns carry their values; witness columns are filled per proof by the operators that made them.
 */
import { InternalError, ModelError } from "../errors.ts";
import type { Length, Lengths } from "./bounds.ts";
import {
  type Axis,
  type AxisId,
  bitsOf,
  type ColumnId,
  type ColumnSpec,
  type Constraint,
  cellsOf,
  type Factor,
  type Leaf,
  type Lookup,
  type System,
  type Table,
  type TableColumn,
  type TableId,
  type Term,
} from "./types.ts";

/** A witness column that is a slice of bits of another: (value - low) >> shift, modulo 2^bits. */
export interface Limb {
  readonly column: ColumnId;
  readonly of: ColumnId;
  readonly low: number;
  readonly shift: number;
  readonly bits: number;
}

/** A finished system with what key generation and witness generation need beside it. */
export interface BuiltSystem {
  readonly system: System;
  /** Values of the weight columns. */
  readonly weights: ReadonlyMap<ColumnId, Int32Array>;
  /** Columns derived from others, in an order in which they can be filled. */
  readonly limbs: readonly Limb[];
  /** Of rows whose Euclidean length constraints bound. */
  readonly lengths: Lengths;
}

/** Limbs have this many bits: a table of 256 rows is cheap even for a network with a handful of cells. */
const LIMB_BITS = 8;
/** A range is looked up directly if its table has at most this many rows a looked-up cell. */
const ROWS_PER_CELL = 4;

/** coefficient * leaves * factors. */
export function term(coefficient: number, leaves: readonly Leaf[], factors: readonly Factor[] = []): Term {
  return { coefficient, leaves, factors };
}

/** The factor that makes a constant term vanish on padded cells: one mask an axis. */
export function onesOn(axes: readonly AxisId[]): Factor[] {
  return axes.map((axis) => ({ kind: "ones", axes: [axis] }));
}

export class SystemBuilder {
  readonly #axes: Axis[] = [];
  readonly #columns: ColumnSpec[] = [];
  readonly #constraints: Constraint[] = [];
  readonly #lookups: Lookup[] = [];
  readonly #tables: { key: string; name: string; size: number; columns: readonly TableColumn[] }[] = [];
  readonly #weights = new Map<ColumnId, Int32Array>();
  readonly #limbs: Limb[] = [];
  readonly #lengths = new Map<ColumnId, Length>();

  /** A new axis of a real size >= 1. */
  axis(name: string, size: number): AxisId {
    if (!Number.isInteger(size) || size < 1) throw new ModelError(`Cannot make axis ${name} of size ${size}: sizes are integers from 1`);
    return this.#axes.push({ name, size }) - 1;
  }

  /** The real size of an axis. */
  sizeOf(axis: AxisId): number {
    return this.#at(this.#axes, axis, "axis").size;
  }

  /** The description of a column. */
  columnOf(column: ColumnId): ColumnSpec {
    return this.#at(this.#columns, column, "column");
  }

  /** A committed column of known integers, |value| < 2^30; its range is that of the values. */
  weight(name: string, shape: readonly number[], values: Int32Array): ColumnId {
    if (values.length !== cellsOf(shape)) throw new InternalError(`weight ${name} has ${values.length} values for shape [${shape}]`);
    let low = 0;
    let high = 0;
    for (const v of values) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
    const id = this.#column({ name, kind: "weight", shape, range: [low, high] });
    this.#weights.set(id, values);
    return id;
  }

  /** A column of the statement; the verifier checks the range. */
  publicColumn(name: string, shape: readonly number[], range: readonly [number, number]): ColumnId {
    return this.#column({ name, kind: "public", shape, range });
  }

  /**
   * A witness column whose range is proven here: by one look-up, or by limbs where the table would dwarf the column. The size of a range that needs limbs must
   * be a power of two. `axes` are those that the limbs' constraint speaks of, new ones if not given.
   */
  witness(name: string, shape: readonly number[], range: readonly [number, number], axes?: readonly AxisId[]): ColumnId {
    const id = this.#column({ name, kind: "witness", shape, range });
    this.#bound(id, axes);
    return id;
  }

  /** A witness column whose range a constraint proves, one that says column = an expression (`checkRanges`). */
  defined(name: string, shape: readonly number[], range: readonly [number, number]): ColumnId {
    return this.#column({ name, kind: "witness", shape, range });
  }

  /** A column that the segment before (`incoming`) or after this one commits too, as its own last or first values; a constraint proves its range, as for `defined`. */
  boundary(kind: "incoming" | "outgoing", name: string, shape: readonly number[], range: readonly [number, number]): ColumnId {
    return this.#column({ name, kind, shape, range });
  }

  /** Two witness columns (input, output) bound together as rows of a two-column table; both ranges follow from the table. */
  mapped(input: string, output: string, shape: readonly number[], table: TableId): { input: ColumnId; output: ColumnId } {
    const [i, o] = this.rows([input, output], shape, table);
    if (i === undefined || o === undefined) throw new InternalError(`table ${table} does not map one column to another`);
    return { input: i, output: o };
  }

  /** Witness columns bound together as rows of a table, one a column of it; those given by name are new, and their ranges follow from the table. */
  rows(parts: readonly (string | ColumnId)[], shape: readonly number[], table: TableId): ColumnId[] {
    const t = this.#at(this.#tables, table, "table");
    if (t.columns.length !== parts.length) throw new InternalError(`table ${t.name} has ${t.columns.length} columns, not ${parts.length}`);
    const columns = t.columns.map((column, k) => {
      const part = parts[k] ?? "";
      return typeof part === "number" ? part : this.#column({ name: part, kind: "witness", shape, range: this.#tableRange(t, column) });
    });
    this.#lookups.push({ name: columns.map((id) => this.columnOf(id).name).join(" -> "), table, columns });
    return columns;
  }

  /** The table of the integers low .. low + size - 1. */
  rangeTable(low: number, size: number): TableId {
    return this.#table(`range ${low} ${size}`, `range [${low}, ${low + size - 1}]`, size, [{ kind: "iota", start: low }]);
  }

  /** The table (x, max(0, x)) for -size/2 <= x < size/2; size is a power of two. */
  reluTable(size: number): TableId {
    if (size < 2 || 2 ** bitsOf(size) !== size) throw new InternalError(`relu table of size ${size}`);
    return this.#table(`relu ${size}`, `relu on ${bitsOf(size)} bits`, size, [{ kind: "iota", start: -size / 2 }, { kind: "relu" }]);
  }

  /** The table (low + i, values[i]), or of several such outputs, which are committed. Equal names must mean equal tables. */
  functionTable(name: string, low: number, values: Int32Array, ...more: Int32Array[]): TableId {
    const key = `function ${name} ${low} ${values.length}`;
    const known = this.#tables.findIndex((t) => t.key === key);
    if (known >= 0) return known;
    const outputs = [values, ...more].map(
      (v, k): TableColumn => ({ kind: "column", column: this.weight(`table ${name}${k > 0 ? ` ${k}` : ""}`, [values.length], v) }),
    );
    return this.#table(key, name, values.length, [{ kind: "iota", start: low }, ...outputs]);
  }

  /** A table of committed columns, looked up by rows. Equal names must mean equal tables. */
  listedTable(name: string, columns: readonly Int32Array[]): TableId {
    const size = columns[0]?.length ?? 0;
    const listed = columns.map(
      (values, k): TableColumn => ({ kind: "column", column: this.weight(`table ${name}${k > 0 ? ` ${k}` : ""}`, [size], values) }),
    );
    return this.#table(`list ${name}`, name, size, listed);
  }

  /** Says that constraints bound the length of a column's rows: whoever says it has to prove it. */
  bounded(column: ColumnId, length: Length): void {
    this.#lengths.set(column, length);
  }

  /** Adds a constraint (SPEC §4.2); checks sizes and that every free axis occurs in every term. */
  constraint(name: string, free: readonly AxisId[], terms: readonly Term[]): void {
    for (const t of terms) {
      if (t.leaves.length > 3) throw new InternalError(`constraint ${name} has a term of ${t.leaves.length} leaves`);
      for (const leaf of t.leaves) {
        const shape = this.columnOf(leaf.column).shape;
        if (
          leaf.axes.length !== shape.length ||
          new Set(leaf.axes).size !== leaf.axes.length ||
          leaf.axes.some((a, d) => this.sizeOf(a) !== shape[d])
        )
          throw new InternalError(`constraint ${name} gives column ${this.columnOf(leaf.column).name} of shape [${shape}] other axes`);
      }
      const present = new Set([...t.leaves, ...t.factors].flatMap((l) => [...l.axes] as AxisId[]));
      if (free.some((a) => !present.has(a))) throw new InternalError(`constraint ${name} has a term without one of its free axes`);
    }
    this.#constraints.push({ name, free, terms });
  }

  /** The finished system; makes one multiplicity column per table. */
  build(): BuiltSystem {
    const tables: Table[] = this.#tables.map(({ name, size, columns }) => ({
      name,
      size,
      columns,
      multiplicity: this.#column({ name: `multiplicities of ${name}`, kind: "witness", shape: [size], range: [0, 0] }),
    }));
    const system = { axes: this.#axes, columns: this.#columns, constraints: this.#constraints, tables, lookups: this.#lookups };
    return { system, weights: this.#weights, limbs: this.#limbs, lengths: this.#lengths };
  }

  /** Proves the range of a witness column. */
  #bound(id: ColumnId, given?: readonly AxisId[]): void {
    const { name, shape, range } = this.columnOf(id);
    const size = range[1] - range[0] + 1;
    if (size < 1) throw new InternalError(`column ${name} has the empty range [${range}]`);
    if (size <= 2 ** LIMB_BITS || size <= ROWS_PER_CELL * cellsOf(shape)) {
      this.#lookups.push({ name, table: this.rangeTable(range[0], size), columns: [id] });
      return;
    }
    const bits = bitsOf(size);
    if (2 ** bits !== size) throw new InternalError(`column ${name} needs limbs, but its range [${range}] is no power of two`);
    const axes = given ?? shape.map((s, d) => this.axis(`${name} ${d}`, s));
    const terms = [term(1, [{ column: id, axes }])];
    if (range[0] !== 0) terms.push(term(-range[0], [], axes.length > 0 ? onesOn(axes) : []));
    for (let shift = 0; shift < bits; shift += LIMB_BITS) {
      const width = Math.min(LIMB_BITS, bits - shift);
      const limb = this.#column({
        name: `${name} bits ${shift}..${shift + width - 1}`,
        kind: "witness",
        shape,
        range: [0, 2 ** width - 1],
      });
      this.#lookups.push({ name: this.columnOf(limb).name, table: this.rangeTable(0, 2 ** width), columns: [limb] });
      this.#limbs.push({ column: limb, of: id, low: range[0], shift, bits: width });
      terms.push(term(-(2 ** shift), [{ column: limb, axes }]));
    }
    this.constraint(`limbs of ${name}`, axes, terms);
  }

  #table(key: string, name: string, size: number, columns: readonly TableColumn[]): TableId {
    const known = this.#tables.findIndex((t) => t.key === key);
    return known >= 0 ? known : this.#tables.push({ key, name, size, columns }) - 1;
  }

  #tableRange(t: { size: number }, column: TableColumn): readonly [number, number] {
    if (column.kind === "iota") return [column.start, column.start + t.size - 1];
    if (column.kind === "relu") return [0, t.size / 2 - 1];
    return this.columnOf(column.column).range;
  }

  #column(spec: ColumnSpec): ColumnId {
    return this.#columns.push(spec) - 1;
  }

  #at<T>(list: readonly T[], index: number, what: string): T {
    const item = list[index];
    if (item === undefined) throw new InternalError(`no ${what} ${index}`);
    return item;
  }
}
