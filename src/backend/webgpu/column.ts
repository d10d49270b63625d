/** Columns of the WebGPU backend: a range of device memory. */
import type { Column, Width } from "../backend.ts";
import { ensure } from "../check.ts";

export class GpuColumn implements Column {
  /** Word address; a multiple of 4 if the width is 4. */
  readonly address: number;
  readonly length: number;
  readonly width: Width;

  constructor(address: number, length: number, width: Width) {
    this.address = address;
    this.length = length;
    this.width = width;
  }
}

/** The word address of a column of this backend, of the given width if one is given. */
export function wordsOf(column: Column, width?: Width): number {
  ensure(column instanceof GpuColumn, "The column belongs to another backend");
  ensure(width === undefined || column.width === width, `Width ${column.width} where ${width} is expected`);
  return column.address;
}

/** The element address of a column of width 4. */
export function elementsOf(column: Column): number {
  return wordsOf(column, 4) / 4;
}
