/** The shape of the look-up tree (SPEC §6.1): instances in tree order and the evaluations its last layer needs. A function of the system alone. */
import { ModelError } from "../errors.ts";
import { bitsOf, type ColumnId, type System, type TableColumn } from "../system/types.ts";

/** 2^bits fractions from `offset` on: a look-up (multiplicity null) or a table. */
export interface Instance {
  readonly name: string;
  /** Number of the table, from 1. */
  readonly number: number;
  readonly shape: readonly number[];
  readonly bits: number;
  readonly offset: number;
  readonly columns: readonly TableColumn[];
  readonly multiplicity: ColumnId | null;
}

/** A committed column's evaluation at the last `bits` variables of the leaf point. */
export interface LookupEvaluation {
  readonly column: ColumnId;
  readonly bits: number;
}

export interface LookupPlan {
  readonly instances: readonly Instance[];
  /** n: variables of the leaf layer, at least 1. */
  readonly bits: number;
  /** What is sent after the last layer, in this order. */
  readonly evaluations: readonly LookupEvaluation[];
}

/** A leaf's index has at most 30 bits. */
const MAX_FRACTIONS = 2 ** 30;

/** The tree of a system. @throws ModelError if it is too large */
export function planLookups(system: System): LookupPlan {
  const unplaced = [
    ...system.lookups.map((lookup) => ({
      name: lookup.name,
      number: lookup.table + 1,
      shape: system.columns[lookup.columns[0] ?? -1]?.shape ?? [],
      columns: lookup.columns.map((column): TableColumn => ({ kind: "column", column })),
      multiplicity: null,
    })),
    ...system.tables.map((table, t) => ({
      name: table.name,
      number: t + 1,
      shape: [table.size],
      columns: table.columns,
      multiplicity: table.multiplicity,
    })),
  ].map((i) => ({ ...i, bits: i.shape.reduce((n, s) => n + bitsOf(s), 0) }));
  unplaced.sort((a, b) => b.bits - a.bits);
  let offset = 0;
  const instances: Instance[] = unplaced.map((i) => {
    const placed = { ...i, offset };
    offset += 2 ** i.bits;
    return placed;
  });
  if (offset > MAX_FRACTIONS) throw new ModelError(`The look-up tree has ${offset} fractions, allowed are ${MAX_FRACTIONS}`);
  const evaluations: LookupEvaluation[] = [];
  const seen = new Set<string>();
  for (const { columns, multiplicity, bits } of instances) {
    const named = columns.flatMap((c) => (c.kind === "column" ? [c.column] : []));
    for (const column of multiplicity === null ? named : [...named, multiplicity]) {
      if (system.columns[column]?.kind === "public" || seen.has(`${column} ${bits}`)) continue;
      seen.add(`${column} ${bits}`);
      evaluations.push({ column, bits });
    }
  }
  return { instances, bits: Math.max(1, bitsOf(offset)), evaluations };
}
