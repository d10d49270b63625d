/**
 * A constraint system as data (SPEC §4): axes, columns, einsum constraints, look-ups and tables. The engine derives prover, verifier and kernels
 * from it; operators only build it, and the Cairo verifier interprets the same data.
 */

/** Index into `System.axes`, `.columns`, `.tables`. */
export type AxisId = number;
export type ColumnId = number;
export type TableId = number;

export interface Axis {
  readonly name: string;
  /** Real size, >= 1; has ceil(log2 size) variables. */
  readonly size: number;
}

/** `incoming` and `outgoing` are the two sides of a boundary between segments: committed in the proof like `witness`, each kind under a root of its own. */
export type ColumnKind = "weight" | "witness" | "public" | "incoming" | "outgoing";

export interface ColumnSpec {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Real sizes, row-major; [] is a scalar. */
  readonly shape: readonly number[];
  /** Smallest and largest integer value. For weights the actual ones, for public columns checked by the verifier, for all others forced by look-ups and constraints. */
  readonly range: readonly [number, number];
}

/** A column with one axis per dimension, of the same size. */
export interface Leaf {
  readonly column: ColumnId;
  readonly axes: readonly AxisId[];
}

/** A 0/1 tensor that both sides compute (SPEC §4.3). */
export type Factor =
  | { readonly kind: "ones"; readonly axes: readonly [AxisId] }
  | { readonly kind: "at"; readonly axes: readonly [AxisId]; readonly index: number }
  | { readonly kind: "shift"; readonly axes: readonly [AxisId, AxisId]; readonly offset: number }
  | {
      readonly kind: "window";
      readonly axes: readonly [AxisId, AxisId, AxisId];
      readonly stride: number;
      readonly dilation: number;
      readonly pad: number;
    }
  | { readonly kind: "select"; readonly axes: readonly [AxisId]; readonly column: ColumnId }
  | { readonly kind: "below"; readonly axes: readonly [AxisId]; readonly column: ColumnId }
  | { readonly kind: "causal"; readonly axes: readonly [AxisId, AxisId] }
  | { readonly kind: "selectEach"; readonly axes: readonly [AxisId, AxisId]; readonly column: ColumnId }
  | { readonly kind: "belowEach"; readonly axes: readonly [AxisId, AxisId]; readonly column: ColumnId };

export interface Term {
  /** Signed integer, |coefficient| < 2^30. */
  readonly coefficient: number;
  /** At most three. */
  readonly leaves: readonly Leaf[];
  readonly factors: readonly Factor[];
}

export interface Constraint {
  readonly name: string;
  readonly free: readonly AxisId[];
  readonly terms: readonly Term[];
}

export type TableColumn =
  | { readonly kind: "iota"; readonly start: number }
  | { readonly kind: "relu" }
  | { readonly kind: "column"; readonly column: ColumnId };

export interface Table {
  readonly name: string;
  readonly size: number;
  readonly columns: readonly TableColumn[];
  /** Witness column of shape [size]. */
  readonly multiplicity: ColumnId;
}

export interface Lookup {
  readonly name: string;
  readonly table: TableId;
  /** One per table column, all of one shape. */
  readonly columns: readonly ColumnId[];
}

export interface System {
  readonly axes: readonly Axis[];
  readonly columns: readonly ColumnSpec[];
  readonly constraints: readonly Constraint[];
  readonly tables: readonly Table[];
  readonly lookups: readonly Lookup[];
}

/** Number of variables of a size: ceil(log2 size). */
export function bitsOf(size: number): number {
  return size <= 1 ? 0 : 32 - Math.clz32(size - 1);
}

/** Number of cells of a shape. */
export function cellsOf(shape: readonly number[]): number {
  return shape.reduce((n, s) => n * s, 1);
}
