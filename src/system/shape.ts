/** Well-formedness of a constraint system that comes from a file: every id exists and sizes agree, so that nothing later can index out of range. */
import { type ColumnId, cellsOf, type System } from "./types.ts";

/** Largest number of cells of one column and of variables of one axis. */
const MAX_CELLS = 2 ** 28;

/** @throws SyntaxError naming the first thing that does not fit */
export function checkSystem(system: System): void {
  const refuse = (what: string): never => {
    throw new SyntaxError(`The constraint system is malformed: ${what}`);
  };
  const axisSize = (id: number): number => system.axes[id]?.size ?? refuse(`there is no axis ${id}`);
  const column = (id: ColumnId) => system.columns[id] ?? refuse(`there is no column ${id}`);
  for (const axis of system.axes) if (axis.size < 1 || axis.size > MAX_CELLS) refuse(`axis ${axis.name} has size ${axis.size}`);
  for (const c of system.columns) {
    if (c.shape.some((s) => s < 1) || cellsOf(c.shape) > MAX_CELLS) refuse(`column ${c.name} has shape [${c.shape}]`);
    if (c.range[0] > c.range[1]) refuse(`column ${c.name} has range [${c.range}]`);
  }
  const fits = (axes: readonly number[], shape: readonly number[]) =>
    axes.length === shape.length && new Set(axes).size === axes.length && axes.every((a, d) => axisSize(a) === shape[d]);
  for (const constraint of system.constraints) {
    if (new Set(constraint.free).size !== constraint.free.length) refuse(`constraint ${constraint.name} repeats a free axis`);
    for (const term of constraint.terms) {
      if (term.leaves.length > 3) refuse(`constraint ${constraint.name} has a term of ${term.leaves.length} leaves`);
      for (const leaf of term.leaves) if (!fits(leaf.axes, column(leaf.column).shape)) refuse(`constraint ${constraint.name} misuses column ${leaf.column}`);
      for (const factor of term.factors) {
        factor.axes.forEach(axisSize);
        if (new Set<number>(factor.axes).size !== factor.axes.length) refuse(`constraint ${constraint.name} repeats an axis in a factor`);
        if (factor.kind === "at" && factor.index >= axisSize(factor.axes[0])) refuse(`constraint ${constraint.name} points past axis ${factor.axes[0]}`);
        if (factor.kind === "window" && factor.stride < 1) refuse(`constraint ${constraint.name} has a window of stride 0`);
        if (factor.kind === "select" || factor.kind === "below") {
          const index = column(factor.column);
          const size = axisSize(factor.axes[0]);
          const outside = index.range[0] < 0 || index.range[1] >= size;
          if (index.kind !== "public" || index.shape.length > 0 || outside) refuse(`constraint ${constraint.name} selects by column ${index.name}`);
        }
      }
      const present = new Set<number>([...term.leaves, ...term.factors].flatMap((part) => [...part.axes] as number[]));
      if (constraint.free.some((axis) => !present.has(axis))) refuse(`constraint ${constraint.name} has a term without one of its free axes`);
    }
  }
  for (const table of system.tables) {
    const multiplicity = column(table.multiplicity);
    const isList = (c: { readonly shape: readonly number[] }) => c.shape.length === 1 && c.shape[0] === table.size;
    if (multiplicity.kind !== "witness" || !isList(multiplicity)) refuse(`table ${table.name} has no multiplicities`);
    if (table.columns.length === 0) refuse(`table ${table.name} has no columns`);
    for (const c of table.columns) {
      if (c.kind === "column" && (column(c.column).kind !== "weight" || !isList(column(c.column)))) refuse(`table ${table.name} misuses a column`);
      if (c.kind === "relu" && (table.size < 2 || (table.size & (table.size - 1)) !== 0)) refuse(`table ${table.name} is a relu table of ${table.size} rows`);
    }
  }
  for (const lookup of system.lookups) {
    const table = system.tables[lookup.table] ?? refuse(`look-up ${lookup.name} names no table`);
    const shape = column(lookup.columns[0] ?? -1).shape;
    if (lookup.columns.length !== table.columns.length) refuse(`look-up ${lookup.name} has ${lookup.columns.length} columns`);
    for (const id of lookup.columns) if (column(id).shape.join() !== shape.join()) refuse(`look-up ${lookup.name} mixes shapes`);
  }
  const shared = system.tables.map((t) => t.multiplicity);
  if (new Set(shared).size !== shared.length) refuse("two tables share multiplicities");
}
