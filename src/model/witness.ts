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
    const rows = rowsOf(table, cells);
    for (let i = 0; i < looked[0]!.length; i++) {
      const row = looked[0]![i]! - rows.start;
      if (!(row >= 0 && row < table.size) || looked.some((values, c) => c > 0 && values[i] !== rows.value(c, row)))
        throw new InternalError(
          `look-up ${lookup.name} asks for row [${looked.map((values) => values[i])}] in cell ${i}, which is not in the table ${table.name}`,
        );
      count[row]!++;
    }
  }
  for (const [t, table] of system.tables.entries()) columns.set(table.multiplicity, counts[t]!);
}

/** Random access to a table whose first column is an iota: every table that the builder makes. */
function rowsOf(table: Table, cells: (id: ColumnId) => Int32Array): { start: number; value(column: number, row: number): number } {
  const [first] = table.columns;
  if (first?.kind !== "iota") throw new InternalError(`table ${table.name} does not begin with an iota`);
  const { start } = first;
  return {
    start,
    value(c, row) {
      const column = table.columns[c]!;
      if (column.kind === "column") return cells(column.column)[row]!;
      if (column.kind === "iota") return column.start + row;
      return Math.max(0, row - table.size / 2);
    },
  };
}
