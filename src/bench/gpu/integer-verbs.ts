/** Counts what the integer verbs of a session compute and move, and keeps each call to be repeated. */
import type { Column, Session } from "../../backend/backend.ts";
import type { Expression, IntegerVerbs, View } from "../../tensor/integers.ts";

export interface VerbCall {
  readonly verb: keyof IntegerVerbs<Column>;
  /** Cells made. */
  readonly cells: number;
  /** Products and sums, comparisons, or steps of expressions. */
  readonly operations: number;
  /** Every column that is read or made, once. */
  readonly bytes: number;
  /** Runs it again; returns what it makes. */
  readonly repeat: () => readonly Column[];
}

const sizeOf = (sizes: readonly number[]): number => sizes.reduce((n, s) => n * s, 1);
const bytesOf = (columns: readonly Column[]): number => 4 * [...new Set(columns)].reduce((n, c) => n + c.length, 0);
const cellsOf = (views: readonly (View<Column> | null)[]): Column[] => views.flatMap((view) => (view ? [view.cells] : []));

/** A session that appends every call of an integer verb to `calls`. */
export function recordingSession(session: Session, calls: VerbCall[]): Session {
  const record = <T>(
    verb: VerbCall["verb"],
    operations: number,
    read: readonly Column[],
    run: () => T,
    made: (result: T) => Column[],
  ): T => {
    const result = run();
    const columns = made(result);
    calls.push({ verb, cells: bytesOf(columns) / 4, operations, bytes: bytesOf(read) + bytesOf(columns), repeat: () => made(run()) });
    return result;
  };
  return {
    ...session,
    dot: (sizes, over, factors, initial) =>
      record(
        "dot",
        factors.length * sizeOf([...sizes, ...over]),
        cellsOf([...factors, initial]),
        () => session.dot(sizes, over, factors, initial),
        (out) => [out],
      ),
    largest: (sizes, over, view) =>
      record(
        "largest",
        sizeOf([...sizes, ...over]),
        [view.cells],
        () => session.largest(sizes, over, view),
        ({ values, indices }) => [values, indices],
      ),
    map: (sizes, views, tables, outputs) =>
      record(
        "map",
        sizeOf(sizes) * stepsOf(outputs),
        [...cellsOf(views), ...tables],
        () => session.map(sizes, views, tables, outputs),
        (out) => out,
      ),
    histogram: (columns, start, size) =>
      record(
        "histogram",
        columns.reduce((n, c) => n + c.length, 0),
        columns,
        () => session.histogram(columns, start, size),
        (out) => [out],
      ),
  };
}

/** Values that are computed and not read. */
function stepsOf(outputs: readonly Expression[]): number {
  const seen = new Set<Expression>();
  const visit = (e: Expression): void => {
    if (seen.has(e)) return;
    if ("left" in e) [e.left, e.right].forEach(visit);
    if (e.kind === "quotient") visit(e.of);
    if (e.kind === "entry") visit(e.index);
    if (e.kind !== "cell" && e.kind !== "constant" && e.kind !== "index") seen.add(e);
  };
  outputs.forEach(visit);
  return seen.size;
}
