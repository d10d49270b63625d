/**
 * No wrap-around (SPEC §4.5): an interval that contains the left side of a constraint as an integer, for every input, from the actual weights and the
 * proven ranges of all other columns. Strictly inside (-p, p), "0 mod p" means 0.
 */
import { InternalError, ModelError } from "../errors.ts";
import { P } from "../field/m31.ts";
import { determinedDimension } from "./factors.ts";
import { LEAST, MOST, type Reduction, reduceAlong, SUM } from "./reduce.ts";
import { type AxisId, type ColumnId, type Constraint, cellsOf, type Leaf, type System, type Table, type Term } from "./types.ts";

type Interval = readonly [number, number];

/** Values of the weight columns. */
export type Weights = ReadonlyMap<ColumnId, Int32Array>;

/** sqrt(sum_c weights_c v_c^2) <= most along a column's last dimensions, one unless `axes` says how many, as constraints force it (SPEC §12.3, §12.8). */
export interface Length {
  readonly most: number;
  readonly axes?: number;
  /** Positive, along a single dimension; all 1 if not given. */
  readonly weights?: Int32Array;
}

export type Lengths = ReadonlyMap<ColumnId, Length>;

/** Refuses a system in which a constraint's left side can reach p. @throws ModelError naming the constraint and the bound */
export function checkNoWrap(system: System, weights: Weights, lengths: Lengths = new Map()): void {
  for (const constraint of system.constraints) {
    const [low, high] = constraintInterval(system, weights, constraint, lengths);
    if (low <= -P || high >= P)
      throw new ModelError(
        `Constraint ${constraint.name} can wrap around: its left side reaches [${low}, ${high}], allowed is below ${P} in absolute value`,
      );
  }
  const lookups = system.lookups.reduce((n, l) => n + (system.columns[l.columns[0] ?? -1]?.shape ?? []).reduce((c, s) => c * s, 1), 0);
  if (lookups >= P) throw new ModelError(`The system has ${lookups} look-ups, allowed are fewer than ${P}`);
}

/**
 * Refuses a system in which a witness, incoming or outgoing column's declared range is not forced. A column is forced by a look-up whose table column lies inside the range, or by a
 * constraint that says column = an expression of forced columns whose interval lies inside it (limbs). Both sides of a boundary between segments force its range:
 * equal words are equal integers for that reason alone (SPEC §13.3). Multiplicities may be anything: LogUp needs no range of them. @throws ModelError naming the column
 */
export function checkRanges(system: System): void {
  const forced = new Set<ColumnId>(system.columns.flatMap((c, id) => (c.kind === "weight" || c.kind === "public" ? [id] : [])));
  for (const lookup of system.lookups) {
    const table = system.tables[lookup.table];
    if (!table || table.columns.length !== lookup.columns.length) throw new ModelError(`Look-up ${lookup.name} does not fit its table`);
    lookup.columns.forEach((id, i) => {
      if (inside(tableColumnRange(system, table, i), column(system, id).range)) forced.add(id);
    });
  }
  forceDefined(system, forced);
  const multiplicities = new Set(system.tables.map((t) => t.multiplicity));
  const used = new Set([
    ...system.constraints.flatMap((c) => c.terms.flatMap((t) => t.leaves.map((l) => l.column))),
    ...system.lookups.flatMap((l) => l.columns),
  ]);
  system.columns.forEach((spec, id) => {
    if (multiplicities.has(id) && used.has(id)) throw new ModelError(`Column ${spec.name} holds multiplicities and is used otherwise`);
    if (!forced.has(id) && !multiplicities.has(id)) throw new ModelError(`Nothing forces the range of column ${spec.name}`);
  });
}

/** Adds every column that a constraint defines from forced ones, directly or over others. A constraint is looked at when one column is left that nothing forces. */
function forceDefined(system: System, forced: Set<ColumnId>): void {
  const open = system.constraints.map(
    (c) => new Set(c.terms.flatMap((t) => t.leaves.map((l) => l.column)).filter((id) => !forced.has(id))),
  );
  const users = new Map<ColumnId, number[]>();
  open.forEach((columns, number) => {
    for (const id of columns) {
      const known = users.get(id);
      if (known) known.push(number);
      else users.set(id, [number]);
    }
  });
  const ready = open.flatMap((columns, number) => (columns.size === 1 ? [number] : []));
  for (let number = ready.pop(); number !== undefined; number = ready.pop()) {
    const constraint = system.constraints[number];
    const id = constraint === undefined ? null : definedColumn(system, constraint, forced);
    if (id === null || forced.has(id)) continue;
    forced.add(id);
    for (const user of users.get(id) ?? []) {
      open[user]?.delete(id);
      if (open[user]?.size === 1) ready.push(user);
    }
  }
}

/** The column that a constraint defines: +-column + (terms of forced columns) = 0 on every cell, with that expression inside the column's range. */
function definedColumn(system: System, constraint: Constraint, forced: ReadonlySet<ColumnId>): ColumnId | null {
  const open = constraint.terms.filter((t) => t.leaves.some((l) => !forced.has(l.column)));
  const [own] = open;
  const [leaf] = own?.leaves ?? [];
  if (!own || !leaf || open.length > 1 || own.leaves.length > 1 || own.factors.length > 0 || Math.abs(own.coefficient) !== 1) return null;
  if (leaf.axes.length !== constraint.free.length || !leaf.axes.every((a) => constraint.free.includes(a))) return null;
  const [low, high] = constraintInterval(system, new Map(), { ...constraint, terms: constraint.terms.filter((t) => t !== own) });
  const value: Interval = own.coefficient === 1 ? [-high, -low] : [low, high];
  return inside(value, column(system, leaf.column).range) ? leaf.column : null;
}

function inside(inner: Interval, outer: Interval): boolean {
  return outer[0] <= inner[0] && inner[1] <= outer[1];
}

/** Smallest and largest value of a table column. */
export function tableColumnRange(system: System, table: Table, index: number): readonly [number, number] {
  const c = table.columns[index];
  if (!c) throw new InternalError(`table ${table.name} has no column ${index}`);
  if (c.kind === "column") return column(system, c.column).range;
  return c.kind === "iota" ? [c.start, c.start + table.size - 1] : [0, table.size / 2 - 1];
}

/** The interval of a constraint's left side: the sum of its terms' intervals. */
export function constraintInterval(system: System, weights: Weights, constraint: Constraint, lengths: Lengths = new Map()): Interval {
  let low = 0;
  let high = 0;
  for (const term of constraint.terms) {
    const [l, h] = termInterval(system, weights, constraint, term, lengths);
    low += l;
    high += h;
  }
  return [low, high];
}

function termInterval(system: System, weights: Weights, constraint: Constraint, term: Term, lengths: Lengths): Interval {
  const place = term.leaves.findIndex((leaf) => weights.has(leaf.column));
  const weight = term.leaves[place];
  const others = term.leaves.filter((_, k) => k !== place);
  let rest: Interval = [1, 1];
  for (const [leaf, power] of powersOf(others)) {
    const range = column(system, leaf.column).range;
    if (power % 2 === 1) rest = product(rest, range);
    if (power > 1) rest = product(rest, squared(range));
  }
  const { summed, determined } = summedAxes(constraint, term);
  // A factor other than `ones` can vanish on real cells, so a summand may also be 0.
  if (term.factors.some((f) => f.kind !== "ones")) rest = [Math.min(rest[0], 0), Math.max(rest[1], 0)];
  const inWeight = new Set<AxisId>(weight?.axes ?? []);
  const repeat = [...summed].filter((a) => !inWeight.has(a)).reduce((n, a) => n * size(system, a), 1);
  const [low, high] = weight
    ? narrower(
        weightedInterval(system, weights, weight, summed, determined, rest),
        productLength(system, weights, term, weight, others, summed, lengths),
      )
    : rest;
  const interval = product([low * repeat, high * repeat], [term.coefficient, term.coefficient]);
  if (!interval.every(Number.isSafeInteger))
    throw new ModelError(`Constraint ${constraint.name} has a term that reaches [${interval}]: too large to bound exactly`);
  return interval;
}

/**
 * By Cauchy and Schwarz: the most that a sum of products of a weight's rows with a row of bounded length can be; infinite where the term is no such sum, over all axes
 * of the row and no other one. A factor that joins an axis of the row to another one may take every cell from a row of its own.
 */
function productLength(
  system: System,
  weights: Weights,
  term: Term,
  weight: Leaf,
  [other, ...more]: readonly Leaf[],
  summed: ReadonlySet<AxisId>,
  lengths: Lengths,
): number {
  const length = other && lengths.get(other.column);
  const values = weights.get(weight.column);
  if (!length || !values || more.length > 0) return Number.POSITIVE_INFINITY;
  const row = other.axes.slice(-(length.axes ?? 1));
  const isSum = row.every((axis) => summed.has(axis) && weight.axes.includes(axis));
  const isOneRow = [...summed].every((axis) => row.includes(axis) || size(system, axis) === 1);
  const isJoined = term.factors.some(({ axes }) => axes.length > 1 && row.some((axis) => (axes as readonly AxisId[]).includes(axis)));
  if (!isSum || !isOneRow || isJoined) return Number.POSITIVE_INFINITY;
  const shape = column(system, weight.column).shape;
  const strides = weight.axes.map((_, d) => cellsOf(shape.slice(d + 1)));
  const [lengthAxis] = row;
  const d = weight.axes.indexOf(lengthAxis ?? -1);
  const { weights: by } = length;
  const [stride, count] = [strides[d] ?? 1, shape[d] ?? 1];
  const square = by ? (w: number, i: number) => (w * w) / (by[Math.floor(i / stride) % count] ?? 1) : (w: number) => w * w;
  const isSummed = weight.axes.map((axis) => summed.has(axis));
  const longest = reduceAlong(values, shape, isSummed, square, SUM).reduce(MOST.combine);
  return Math.ceil(Math.sqrt(longest) * length.most * (1 + 2 ** -40));
}

function narrower([low, high]: Interval, most: number): Interval {
  return [Math.max(low, -most), Math.min(high, most)];
}

/** The summed axes of a term: those that multiply its size, and those whose index a factor determines from axes that are free or counted. */
function summedAxes(
  constraint: Constraint,
  term: Term,
): { readonly summed: ReadonlySet<AxisId>; readonly determined: ReadonlySet<AxisId> } {
  const axes = new Set<AxisId>([...term.leaves, ...term.factors].flatMap((l) => [...l.axes] as AxisId[]));
  for (const a of constraint.free) axes.delete(a);
  const determined = new Set<AxisId>();
  for (const factor of term.factors) {
    const d = determinedDimension(factor);
    const axis = d === null ? undefined : factor.axes[d];
    if (axis === undefined || !axes.has(axis)) continue;
    // Only from axes that are not themselves determined: no circle can remove a real degree of freedom.
    if (factor.axes.some((a) => a !== axis && determined.has(a))) continue;
    axes.delete(axis);
    determined.add(axis);
  }
  return { summed: axes, determined };
}

/**
 * Over the weight's own free cells, the extreme sums of weight * rest, rest anywhere in its interval. A determined axis has at most one index for every
 * choice of the others, which may be another one for each: its extremes are taken before anything is summed.
 */
function weightedInterval(
  system: System,
  weights: Weights,
  leaf: Leaf,
  summed: ReadonlySet<AxisId>,
  determined: ReadonlySet<AxisId>,
  rest: Interval,
): Interval {
  const values = weights.get(leaf.column);
  if (!values) throw new InternalError("weight without values");
  const shape = column(system, leaf.column).shape;
  const [least, most] = rest;
  const low = (w: number): number => (w < 0 ? w * most : w * least);
  const high = (w: number): number => (w < 0 ? w * least : w * most);
  const isDetermined = leaf.axes.map((axis) => determined.has(axis));
  const extreme = (of: (w: number) => number, chosen: Reduction): number => {
    const isSummed = leaf.axes.map((axis) => summed.has(axis));
    if (!isDetermined.includes(true)) return reduceAlong(values, shape, isSummed, of, SUM).reduce(chosen.combine);
    const left = reduceAlong(values, shape, isDetermined, of, chosen);
    const others = shape.map((_, d) => d).filter((d) => !isDetermined[d]);
    const sums = reduceAlong(
      left,
      others.map((d) => shape[d] ?? 1),
      others.map((d) => isSummed[d] ?? false),
      (v) => v,
      SUM,
    );
    return sums.reduce(chosen.combine);
  };
  return [extreme(low, LEAST), extreme(high, MOST)];
}

/** Equal leaves of a product, with how often they occur (at most three times). */
function powersOf(leaves: readonly Leaf[]): [Leaf, number][] {
  const powers = new Map<string, [Leaf, number]>();
  for (const leaf of leaves) {
    const key = `${leaf.column}:${leaf.axes.join()}`;
    powers.set(key, [leaf, (powers.get(key)?.[1] ?? 0) + 1]);
  }
  return [...powers.values()];
}

/** The squares of an interval: never negative. */
function squared([low, high]: Interval): Interval {
  const ends = [low * low, high * high];
  return [low <= 0 && high >= 0 ? 0 : Math.min(...ends), Math.max(...ends)];
}

function product(x: Interval, y: Interval): Interval {
  const all = [x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]];
  return [Math.min(...all), Math.max(...all)];
}

function column(system: System, id: ColumnId) {
  const spec = system.columns[id];
  if (!spec) throw new InternalError(`no column ${id}`);
  return spec;
}

function size(system: System, axis: AxisId): number {
  return system.axes[axis]?.size ?? 1;
}
