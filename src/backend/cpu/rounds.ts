/** Host side of the sumcheck rounds: which points of each term the kernel sums, and the round polynomial from them. */
import * as m31 from "../../field/m31.ts";
import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import type { Column } from "../backend.ts";
import { ensure } from "../check.ts";
import { equalLength } from "./tables.ts";
import type { CpuColumn, Workspace } from "./workspace.ts";

/** A product of tables with the points at which its sum is wanted (bits: X = 0, X = 1, leading coefficient, X = 2, 3, ...). */
interface TermRequest {
  readonly tables: readonly CpuColumn[];
  readonly mask: number;
}

const LEADING = 2;
/** Bytes of all tables' entries in one step: what is bound should still be cached when it is summed. */
const TILE_BYTES = 24576;

export interface Term {
  readonly tables: readonly number[];
  readonly weight: QM31;
}

export interface Pair {
  readonly first: Column;
  readonly second: Column;
  readonly weight: QM31;
}

/** sum_x of the product of the tables' entries. */
export function sumProduct(space: Workspace, columns: readonly Column[]): QM31 {
  const tables = columns.map((column) => space.own(column, 4));
  return roundSums(space, 2 * equalLength(tables), tables, [{ tables, mask: 1 }], null)[0]![0]!;
}

export function productRound(
  space: Workspace,
  size: number,
  columns: readonly Column[],
  terms: readonly Term[],
  idle: QM31,
  degree: number,
  r: QM31 | null,
): QM31[] {
  const tables = columns.map((column) => space.own(column, 4));
  const requests = terms.map((term) => {
    ensure(term.tables.length >= 1, "A term without tables");
    return { tables: term.tables.map((k) => tables[k]!), mask: pointMask(term.tables.length, degree) };
  });
  const sums = roundSums(space, size, tables, requests, r);
  const out = Array.from({ length: degree }, () => idle);
  terms.forEach((term, t) => {
    const values = valuesAt(sums[t]!, term.tables.length, degree);
    values.forEach((value, k) => {
      out[k] = qm31.add(out[k]!, qm31.mul(term.weight, value));
    });
  });
  return out;
}

export function innerRound(space: Workspace, size: number, pairs: readonly Pair[], idle: QM31, r: QM31 | null): QM31[] {
  const requests = pairs.map((pair) => ({ tables: [space.own(pair.first, 4), space.own(pair.second, 4)], mask: 1 | (1 << LEADING) }));
  const sums = roundSums(
    space,
    size,
    requests.flatMap((request) => request.tables),
    requests,
    r,
  );
  return sums.reduce<[QM31, QM31]>(
    ([atZero, leading], [a, b], k) => [qm31.add(atZero, qm31.mul(pairs[k]!.weight, a!)), qm31.add(leading, qm31.mul(pairs[k]!.weight, b!))],
    [idle, qm31.ZERO],
  );
}

/**
 * The round's points 0, 2, ..., degree, but for a product of k < degree tables the k + 1 points 0, 1, leading, 2, ..., k - 1, from which the others follow.
 * More tables than the degree are possible: not all of them vary with X.
 */
function pointMask(k: number, degree: number): number {
  const ones = (n: number): number => 2 ** n - 1;
  if (k >= degree) return 1 | (ones(degree - 1) << (LEADING + 1));
  return k === 1 ? 0b11 : ones(k + 1);
}

/** The values at 0, 2, ..., degree from the sums that `pointMask` asked for. */
function valuesAt(sums: readonly QM31[], k: number, degree: number): readonly QM31[] {
  if (k >= degree) return sums;
  const leading = k === 1 ? qm31.ZERO : sums[LEADING]!;
  const nodes = k === 1 ? sums : [sums[0]!, sums[1]!, ...sums.slice(LEADING + 1)];
  return Array.from({ length: degree }, (_, i) => (i === 0 ? sums[0]! : extrapolate(nodes, leading, i + 1)));
}

/** The polynomial with leading coefficient c and values at 0 .. m-1, at X: sum_i C(X, i) difference_i + c X ... (X-m+1). */
function extrapolate(nodes: readonly QM31[], c: QM31, X: number): QM31 {
  let differences = [...nodes];
  let result = qm31.ZERO;
  let falling = 1;
  let factorial = 1;
  for (let i = 0; i < nodes.length; i++) {
    result = qm31.add(result, qm31.scale(differences[0]!, m31.fromInteger(falling / factorial)));
    differences = differences.slice(1).map((d, j) => qm31.sub(d, differences[j]!));
    falling *= X - i;
    factorial *= i + 1;
  }
  return qm31.add(result, qm31.scale(c, m31.fromInteger(falling)));
}

/** The requested sums of each term. Tables of 2 * size entries are bound in place by r first, each once. */
function roundSums(space: Workspace, size: number, tables: readonly CpuColumn[], terms: readonly TermRequest[], r: QM31 | null): QM31[][] {
  const half = size / 2;
  const distinct = new Map(tables.map((table) => [table.pointer, table]));
  const bound: number[] = [];
  for (const { pointer, length } of distinct.values()) {
    if (length === 2 * size && r !== null) bound.push(pointer);
    else ensure(length === size || (r === null && 2 * length === size), `A table of ${length} entries in a round of ${size}`);
  }
  const counts = terms.map((term) => bitCount(term.mask));
  const points = counts.reduce((n, count) => n + count, 0);
  const work = terms.reduce((n, term, t) => n + counts[t]! * (2 + 7 * (term.tables.length - 1)), 14 * bound.length);
  const tile = Math.max(8, Math.floor(TILE_BYTES / (32 * distinct.size)));
  const records = terms.flatMap((term) => [term.tables.length, term.mask, ...term.tables.map((table) => table.pointer)]);
  const challenge = space.operand(r ?? qm31.ZERO);
  const sums = space.sums(points, (pointer) =>
    space.list([...bound, ...records], (list) =>
      space.run(
        "roundSums",
        half,
        work,
        half,
        tile,
        list,
        bound.length,
        challenge,
        list + 4 * bound.length,
        terms.length,
        pointer,
        16 * points,
      ),
    ),
  );
  let at = 0;
  return counts.map((count) => {
    at += count;
    return sums.slice(at - count, at);
  });
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
