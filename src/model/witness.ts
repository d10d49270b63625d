/** The witness columns that follow from others: limbs, and the multiplicities of tables (SPEC §4.4). */
import { InternalError } from "../errors.ts";
import type { BuiltSystem } from "../system/builder.ts";
import type { ColumnId, Table } from "../system/types.ts";

/**
 * Fills the limbs and multiplicities of a system into `columns`, which holds all other witness and public columns.
 * @throws InternalError if a looked-up row is not in its table, or a column is missing
 */
export function fillDerived({ system, weights, limbs }: BuiltSystem, columns: Map<ColumnId, Int32Array>): void {
  const cells = (id: ColumnId): Int32Array => {
    const values = columns.get(id) ?? weights.get(id);
    if (!values) throw new InternalError(`column ${system.columns[id]?.name} has not been filled`);
    return values;
  };
  for (const { column, of, low, shift, bits } of limbs)
    columns.set(
      column,
      cells(of).map((v) => ((v - low) >> shift) & (2 ** bits - 1)),
    );
  const counts = system.tables.map((t) => new Int32Array(t.size));
  for (const lookup of system.lookups) {
    const table = system.tables[lookup.table]!;
    const count = counts[lookup.table]!;
    const looked = lookup.columns.map(cells);
    const rowOf = rowFinder(table, looked, cells);
    for (let i = 0; i < looked[0]!.length; i++) {
      const row = rowOf(i);
      if (row < 0)
        throw new InternalError(
          `look-up ${lookup.name} asks for row [${looked.map((values) => values[i])}] in cell ${i}, which is not in the table ${table.name}`,
        );
      count[row]!++;
    }
  }
  for (const [t, table] of system.tables.entries()) columns.set(table.multiplicity, counts[t]!);
}

/** Finds the row of a table that holds cell i of the looked-up columns; -1 if there is none. */
function rowFinder(table: Table, looked: readonly Int32Array[], cells: (id: ColumnId) => Int32Array): (i: number) => number {
  const [first, ...others] = table.columns.map((column): ((row: number) => number) => {
    if (column.kind === "iota") return (row) => column.start + row;
    if (column.kind === "relu") return (row) => Math.max(0, row - table.size / 2);
    const values = cells(column.column);
    return (row) => values[row]!;
  });
  const [keys, ...rest] = looked;
  if (!first || !keys) throw new InternalError(`table ${table.name} has no columns`);
  const fits = (row: number, i: number): boolean => others.every((other, c) => other(row) === rest[c]![i]);
  const kind = table.columns[0];
  if (kind?.kind === "iota")
    return (i) => {
      const row = keys[i]! - kind.start;
      return row >= 0 && row < table.size && fits(row, i) ? row : -1;
    };
  const rows = new Map<number, number[]>();
  for (let row = 0; row < table.size; row++) {
    const same = rows.get(first(row));
    if (same) same.push(row);
    else rows.set(first(row), [row]);
  }
  return (i) => rows.get(keys[i]!)?.find((row) => fits(row, i)) ?? -1;
}
