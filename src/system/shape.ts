/**
 * Well-formedness of a constraint system that comes from a file: every id exists and sizes agree, so that nothing later can index out of range, and a verifier's
 * work is bounded whoever made the file (SPEC §10.1).
 */
import { bitsOf, type ColumnId, type ColumnKind, cellsOf, type Factor, type System } from "./types.ts";

/** Largest number of cells of one column, and largest size of an axis. */
const MAX_CELLS = 2 ** 28;
/** Largest number of cells of one kind: a position in a commitment is a 32-bit integer. */
const MAX_COMMITTED = 2 ** 30;
/** Columns, constraints, look-ups, tables, axes, each. */
const MAX_ITEMS = 2 ** 14;
const MAX_RANK = 8;
/** Blocks of one kind (SPEC §8.1): the verifier visits each of them for each claim on its column. */
const MAX_BLOCKS = 2 ** 16;
/** Cells of the public columns, which follow from 4 MiB of input and are made, absorbed and evaluated whatever a proof holds. */
const MAX_PUBLIC = 2 ** 21;
/** Terms of all constraints, and factors of one term. */
const MAX_TERMS = 2 ** 16;
const MAX_FACTORS = 16;
/** Steps that evaluating all structural factors and public columns takes. */
const MAX_STEPS = 2 ** 22;
/** Blocks that all claims on committed columns visit. */
const MAX_VISITS = 2 ** 20;
const MAX_COEFFICIENT = 2 ** 30;

/** @throws SyntaxError naming the first thing that does not fit */
export function checkSystem(system: System): void {
  const refuse = (what: string): never => {
    throw new SyntaxError(`The constraint system is malformed: ${what}`);
  };
  for (const list of [system.axes, system.columns, system.constraints, system.lookups, system.tables])
    if (list.length > MAX_ITEMS) refuse(`a list of ${list.length} items`);
  const axisSize = (id: number): number => system.axes[id]?.size ?? refuse(`there is no axis ${id}`);
  const column = (id: ColumnId) => system.columns[id] ?? refuse(`there is no column ${id}`);
  for (const axis of system.axes) if (axis.size < 1 || axis.size > MAX_CELLS) refuse(`axis ${axis.name} has size ${axis.size}`);
  for (const c of system.columns) {
    if (c.shape.length > MAX_RANK || c.shape.some((s) => s < 1) || cellsOf(c.shape) > MAX_CELLS)
      refuse(`column ${c.name} has shape [${c.shape}]`);
    if (c.range[0] > c.range[1]) refuse(`column ${c.name} has range [${c.range}]`);
  }
  for (const kind of ["weight", "witness", "public", "incoming", "outgoing"] as const) checkTotals(system, kind, refuse);
  const fits = (axes: readonly number[], shape: readonly number[]) =>
    axes.length === shape.length && new Set(axes).size === axes.length && axes.every((a, d) => axisSize(a) === shape[d]);
  for (const constraint of system.constraints) {
    if (new Set(constraint.free).size !== constraint.free.length) refuse(`constraint ${constraint.name} repeats a free axis`);
    for (const term of constraint.terms) {
      if (Math.abs(term.coefficient) >= MAX_COEFFICIENT) refuse(`constraint ${constraint.name} has the coefficient ${term.coefficient}`);
      if (term.leaves.length > 3) refuse(`constraint ${constraint.name} has a term of ${term.leaves.length} leaves`);
      if (term.factors.length > MAX_FACTORS) refuse(`constraint ${constraint.name} has a term of ${term.factors.length} factors`);
      for (const leaf of term.leaves)
        if (!fits(leaf.axes, column(leaf.column).shape)) refuse(`constraint ${constraint.name} misuses column ${leaf.column}`);
      for (const factor of term.factors) {
        factor.axes.forEach(axisSize);
        if (new Set<number>(factor.axes).size !== factor.axes.length) refuse(`constraint ${constraint.name} repeats an axis in a factor`);
        if (factor.kind === "at" && factor.index >= axisSize(factor.axes[0]))
          refuse(`constraint ${constraint.name} points past axis ${factor.axes[0]}`);
        if (factor.kind === "window" && factor.stride < 1) refuse(`constraint ${constraint.name} has a window of stride 0`);
        if (factor.kind === "select" || factor.kind === "below") {
          const index = column(factor.column);
          const size = axisSize(factor.axes[0]);
          const outside = index.range[0] < 0 || index.range[1] >= size;
          if (index.kind !== "public" || index.shape.length > 0 || outside)
            refuse(`constraint ${constraint.name} selects by column ${index.name}`);
        }
        if (factor.kind === "selectEach" || factor.kind === "belowEach") {
          const index = column(factor.column);
          const [each, size] = factor.axes.map(axisSize);
          const outside = index.range[0] < 0 || index.range[1] > size!;
          if (index.kind !== "public" || index.shape.join() !== `${each}` || outside)
            refuse(`constraint ${constraint.name} selects by column ${index.name}`);
        }
      }
      const present = new Set<number>([...term.leaves, ...term.factors].flatMap((part) => [...part.axes] as number[]));
      if (constraint.free.some((axis) => !present.has(axis)))
        refuse(`constraint ${constraint.name} has a term without one of its free axes`);
    }
  }
  for (const table of system.tables) {
    const multiplicity = column(table.multiplicity);
    const isList = (c: { readonly shape: readonly number[] }) => c.shape.length === 1 && c.shape[0] === table.size;
    if (multiplicity.kind !== "witness" || !isList(multiplicity)) refuse(`table ${table.name} has no multiplicities`);
    if (table.columns.length === 0) refuse(`table ${table.name} has no columns`);
    for (const c of table.columns) {
      if (c.kind === "column" && (column(c.column).kind !== "weight" || !isList(column(c.column))))
        refuse(`table ${table.name} misuses a column`);
      if (c.kind === "relu" && (table.size < 2 || (table.size & (table.size - 1)) !== 0))
        refuse(`table ${table.name} is a relu table of ${table.size} rows`);
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
  checkWork(system, refuse);
}

/** What a verifier has to do for a system. */
export interface Work {
  /** Blocks of all commitments, which it keeps. */
  readonly blocks: number;
  /** Blocks that all claims on committed columns visit. */
  readonly visits: number;
  /** Steps of structural factors and public columns. */
  readonly steps: number;
  /** Cells of public columns, which it makes and absorbs. */
  readonly cells: number;
}

/** The work for a system whose ids all exist: sums over all terms and look-ups, as a file of some kilobytes has thousands. */
export function workOf(system: System): Work {
  const terms = system.constraints.flatMap((c) => c.terms);
  let steps = terms.flatMap((t) => t.factors).reduce((n, factor) => n + factorSteps(factor, (id) => system.axes[id]?.size ?? 1), 0);
  const tables = system.tables.flatMap((t) => [t.multiplicity, ...t.columns.flatMap((c) => (c.kind === "column" ? [c.column] : []))]);
  const used = [...terms.flatMap((t) => t.leaves.map((l) => l.column)), ...system.lookups.flatMap((l) => l.columns), ...tables];
  let visits = 0;
  for (const id of used) {
    const { kind, shape } = system.columns[id] ?? { kind: "public", shape: [] };
    if (kind === "public") steps += cellsOf(shape);
    else visits += blocksOf(shape);
  }
  const blocks = system.columns.reduce((n, { kind, shape }) => (kind === "public" ? n : n + blocksOf(shape)), 0);
  const cells = system.columns.reduce((n, { kind, shape }) => (kind === "public" ? n + cellsOf(shape) : n), 0);
  return { blocks, visits, steps, cells };
}

/** Refuses what a verifier would take too long for, of a system whose ids all exist. */
function checkWork(system: System, refuse: (what: string) => never): void {
  const terms = system.constraints.reduce((n, c) => n + c.terms.length, 0);
  if (terms > MAX_TERMS) refuse(`${terms} terms`);
  const { visits, steps } = workOf(system);
  if (steps > MAX_STEPS) refuse(`its factors and public columns take ${steps} steps to evaluate`);
  if (visits > MAX_VISITS) refuse(`claims on its columns visit ${visits} blocks`);
}

/** Refuses more cells or blocks of one kind than a commitment can hold. */
function checkTotals(system: System, kind: ColumnKind, refuse: (what: string) => never): void {
  const shapes = system.columns.flatMap((c) => (c.kind === kind ? [c.shape] : []));
  const cells = shapes.reduce((n, shape) => n + cellsOf(shape), 0);
  const blocks = shapes.reduce((n, shape) => n + blocksOf(shape), 0);
  if (cells > (kind === "public" ? MAX_PUBLIC : MAX_COMMITTED) || blocks > MAX_BLOCKS)
    refuse(`the ${kind} columns have ${cells} cells in ${blocks} blocks`);
}

/** Number of power-of-two blocks of a shape (SPEC §8.1). */
function blocksOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * onesOf(size), 1);
}

/** Number of ones in the binary notation of a size. */
function onesOf(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest >>>= 1) ones += rest & 1;
  return ones;
}

/** What evaluating a factor costs: a pass over its equality tables, for a window one over each pair of output and offset. */
function factorSteps(factor: Factor, axisSize: (axis: number) => number): number {
  const [a = 1, b = 1, c = 1] = factor.axes.map(axisSize);
  if (factor.kind === "window") return Math.max(a * b, c);
  if (factor.kind === "selectEach" || factor.kind === "belowEach") return a * (bitsOf(b) + 1);
  return factor.kind === "shift" || factor.kind === "causal" ? Math.max(a, b) : 0;
}
