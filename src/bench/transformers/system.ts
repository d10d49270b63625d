/** Sizes of a constraint system that do not depend on a statement. */
import type { System } from "../../system/types.ts";
import { cellsOf } from "../../system/types.ts";
import { committedCells, type Plan } from "../../verifier/plan.ts";

export interface Counts {
  readonly weightCells: number;
  readonly witnessCells: number;
  /** Cells that are looked up. */
  readonly lookups: number;
  readonly lookupTables: number;
  readonly constraints: number;
  readonly columns: number;
  /** Claims about columns that the opening shows. */
  readonly evaluations: number;
  readonly lookupLayers: number;
  readonly constraintRounds: number;
}

export function countsOf(system: System, { lookups, constraints }: Pick<Plan, "lookups" | "constraints">): Counts {
  const [weightCells = 0, witnessCells = 0] = committedCells(system);
  return {
    weightCells,
    witnessCells,
    lookups: system.lookups.reduce((n, l) => n + cellsOf(system.columns[l.columns[0] ?? 0]?.shape ?? []), 0),
    lookupTables: system.tables.length,
    constraints: system.constraints.length,
    columns: system.columns.length,
    evaluations: lookups.evaluations.length + constraints.constant.length + constraints.round.length,
    lookupLayers: lookups.bits,
    constraintRounds: constraints.rounds,
  };
}
