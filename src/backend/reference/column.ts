/** Columns of the reference backend: words in a typed array, views by subarray. */
import type { QM31 } from "../../field/qm31.ts";
import type { Column, Width } from "../backend.ts";
import { ensure } from "../check.ts";
import { quadruples } from "../host.ts";

/** A column whose words are `words`. */
export class ReferenceColumn implements Column {
  readonly words: Uint32Array;
  readonly width: Width;
  readonly length: number;

  constructor(words: Uint32Array, width: Width) {
    this.words = words;
    this.width = width;
    this.length = words.length / width;
  }
}

/** The words of a column of this backend, of the given width if one is given. */
export function wordsOf(column: Column, width?: Width): Uint32Array {
  ensure(column instanceof ReferenceColumn, "The column belongs to another backend");
  ensure(width === undefined || column.width === width, `Width ${column.width} where ${width} is expected`);
  return column.words;
}

/** The entries as elements of K; entries of F are lifted. */
export function elementsOf(column: Column): QM31[] {
  const words = wordsOf(column);
  return column.width === 4 ? quadruples(words) : Array.from(words, (w): QM31 => [w, 0, 0, 0]);
}

/** A new width-4 column. */
export function columnOf(elements: readonly QM31[]): ReferenceColumn {
  return new ReferenceColumn(Uint32Array.from(elements.flat()), 4);
}

/** Writes elements from entry `offset` of a width-4 column. */
export function store(column: Column, offset: number, elements: readonly QM31[]): void {
  wordsOf(column, 4).set(elements.flat(), 4 * offset);
}
