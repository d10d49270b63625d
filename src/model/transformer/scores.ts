/**
 * The table behind the softmax. For a score a and the largest score m of its row, the difference m - a >= 0 counts t = floor((m - a) / 2^s) steps, and its
 * weight is e = round(2^E e^-(t 2^-f)), 0 from the end of that table on.
 *
 * Every score is a row (base, exp, class) with an offset such that m - a = base + offset. Offsets of one class are consecutive, so that (offset, class) is a
 * row of a second table: steps below the table's end take an offset in [0, 2^s), the maximum itself offset 2^s, everything farther (tail) or masked (void)
 * one of F - 2^s - 1 (tail) or F (void) more, for a power of two F that makes both tables about equally long. Tail and void rows weigh nothing; void ones also cover small and negative differences, and only masked
 * scores may use them.
 */
import type { TransformerScales } from "./program.ts";
import { expTable } from "./tables.ts";

/** Counts of the classes in a row are digits of the sum of their codes: fewer than 2^10 positions. */
export const CLASS = { step: 0, max: 1, tail: 2 ** 10, void: 2 ** 20 } as const;
export const MAX_POSITIONS = 2 ** 10 - 1;

export interface ScoreTable {
  readonly exp: Int32Array;
  /** 2^s. */
  readonly step: number;
  /** F: offsets of void rows are from here to twice as much, those of tail rows end here. */
  readonly far: number;
  /** Rows (base, exp, class). */
  readonly bases: Int32Array;
  readonly exps: Int32Array;
  readonly classes: Int32Array;
  /** Class of every offset from 0. */
  readonly offsetClasses: Int32Array;
}

export interface ScoreRow {
  readonly base: number;
  readonly exp: number;
  readonly class: number;
}

/** The table for scores up to the scales' limit. Rows of different classes may have one base. */
export function scoreTable({ expBits, expExponent, scoreShift, scoreLimit: limit }: TransformerScales): ScoreTable {
  const exp = expTable(expBits, expExponent);
  const step = 2 ** scoreShift;
  let far = 4 * step;
  while (far ** 2 < 2 * limit) far *= 2;
  const tail = far - step - 1;
  const end = step * exp.length;
  const rows: ScoreRow[] = [{ base: -step, exp: exp[0] ?? 0, class: CLASS.max }];
  exp.forEach((e, t) => {
    rows.push({ base: t * step, exp: e, class: CLASS.step });
  });
  for (let low = end; low <= 2 * limit; low += tail) rows.push({ base: low - step - 1, exp: 0, class: CLASS.tail });
  for (let low = -far * Math.ceil((2 * limit) / far); low < end; low += far) rows.push({ base: low - far, exp: 0, class: CLASS.void });
  return {
    exp,
    step,
    far,
    bases: Int32Array.from(rows, (r) => r.base),
    exps: Int32Array.from(rows, (r) => r.exp),
    classes: Int32Array.from(rows, (r) => r.class),
    offsetClasses: Int32Array.from({ length: 2 * far }, (_, i) =>
      i < step ? CLASS.step : i === step ? CLASS.max : i < far ? CLASS.tail : CLASS.void,
    ),
  };
}

/** The row of a difference m - a >= 0 of an unmasked score. */
export function scoreRow({ exp, step, far }: ScoreTable, difference: number): ScoreRow {
  if (difference === 0) return { base: -step, exp: exp[0] ?? 0, class: CLASS.max };
  const t = Math.floor(difference / step);
  if (t < exp.length) return { base: t * step, exp: exp[t] ?? 0, class: CLASS.step };
  const tail = far - step - 1;
  const k = Math.floor((difference - step * exp.length) / tail);
  return { base: step * exp.length + k * tail - step - 1, exp: 0, class: CLASS.tail };
}

/** The row of a masked score: void up to the table's end, tail past it. */
export function maskedRow(table: ScoreTable, difference: number): ScoreRow {
  if (difference >= table.step * table.exp.length) return scoreRow(table, difference);
  return { base: Math.floor(difference / table.far) * table.far - table.far, exp: 0, class: CLASS.void };
}
