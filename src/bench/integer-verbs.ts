/** Counts what the integer verbs of a session compute and move, and times each call by repeating it. */
import type { Column, Session } from "../backend/backend.ts";
import type { Expression, IntegerVerbs, View } from "../tensor/integers.ts";

export interface VerbCall {
  readonly verb: keyof IntegerVerbs<Column>;
  /** Cells made. */
  readonly cells: number;
  /** Products and sums, comparisons, or steps of expressions. */
  readonly operations: number;
  /** Every column that is read or made, once. */
  readonly bytes: number;
  /** Runs it again. */
  readonly repeat: () => void;
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
    calls.push({ verb, cells: bytesOf(columns) / 4, operations, bytes: bytesOf(read) + bytesOf(columns), repeat: run });
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

/** Milliseconds that a time is taken over. */
const SPAN = 50;
const MOST_REPEATS = 50;

/** Milliseconds of one call, from as many calls and a read as take SPAN: the least of three times, after one call to warm up. */
export async function timeCall(session: Session, repeat: () => void): Promise<number> {
  const probe = session.zeros(1, 4);
  const time = async (repeats: number): Promise<number> => {
    await session.read(probe);
    const start = performance.now();
    for (let k = 0; k < repeats; k++) repeat();
    await session.read(probe);
    return (performance.now() - start) / repeats;
  };
  await time(1);
  const once = await time(1);
  const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.floor(SPAN / once)));
  return Math.min(await time(repeats), await time(repeats), await time(repeats));
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
