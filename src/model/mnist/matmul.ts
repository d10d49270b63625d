/** Strided matrix product c[m, n] += sum_k a[m, k] b[n, k] on doubles, in 4 x 4 blocks that stay in registers. The order of additions is fixed. */

/** Element (r, k) is values[r * row + k * column]. */
export interface Matrix {
  readonly values: Float64Array;
  readonly row: number;
  readonly column: number;
}

/** View of row-major values with `columns` columns. */
export const matrix = (values: Float64Array, columns: number): Matrix => ({ values, row: columns, column: 1 });

/** Rows and columns exchanged, without copying. */
export const transposed = (m: Matrix): Matrix => ({ values: m.values, row: m.column, column: m.row });

/** c += a b^T with a: rows x inner, b: columns x inner, c: row-major rows x columns. The caller keeps the sizes within the arrays. */
export function multiplyAdd(c: Float64Array, rows: number, columns: number, inner: number, a: Matrix, b: Matrix): void {
  const rows4 = rows - (rows % 4);
  const columns4 = columns - (columns % 4);
  for (let n = 0; n < columns4; n += 4)
    for (let m = 0; m < rows4; m += 4)
      block(c, m * columns + n, columns, inner, a.values, m * a.row, a.row, a.column, b.values, n * b.row, b.row, b.column);
  for (let m = 0; m < rows; m++) for (let n = m < rows4 ? columns4 : 0; n < columns; n++) c[m * columns + n]! += dot(inner, a, m, b, n);
}

function dot(inner: number, a: Matrix, m: number, b: Matrix, n: number): number {
  let sum = 0;
  for (let k = 0; k < inner; k++) sum += a.values[m * a.row + k * a.column]! * b.values[n * b.row + k * b.column]!;
  return sum;
}

// biome-ignore format: one row of the block a line
function block(c: Float64Array, at: number, columns: number, inner: number, a: Float64Array, i: number, aRow: number, aStep: number, b: Float64Array, j: number, bRow: number, bStep: number): void {
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
  let s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  const a1 = aRow, a2 = 2 * aRow, a3 = 3 * aRow;
  const b1 = bRow, b2 = 2 * bRow, b3 = 3 * bRow;
  for (let k = 0; k < inner; k++) {
    const x0 = a[i]!, x1 = a[i + a1]!, x2 = a[i + a2]!, x3 = a[i + a3]!;
    const y0 = b[j]!;
    s00 += x0 * y0; s10 += x1 * y0; s20 += x2 * y0; s30 += x3 * y0;
    const y1 = b[j + b1]!;
    s01 += x0 * y1; s11 += x1 * y1; s21 += x2 * y1; s31 += x3 * y1;
    const y2 = b[j + b2]!;
    s02 += x0 * y2; s12 += x1 * y2; s22 += x2 * y2; s32 += x3 * y2;
    const y3 = b[j + b3]!;
    s03 += x0 * y3; s13 += x1 * y3; s23 += x2 * y3; s33 += x3 * y3;
    i += aStep;
    j += bStep;
  }
  c[at]! += s00; c[at + 1]! += s01; c[at + 2]! += s02; c[at + 3]! += s03;
  at += columns;
  c[at]! += s10; c[at + 1]! += s11; c[at + 2]! += s12; c[at + 3]! += s13;
  at += columns;
  c[at]! += s20; c[at + 1]! += s21; c[at + 2]! += s22; c[at + 3]! += s23;
  at += columns;
  c[at]! += s30; c[at + 1]! += s31; c[at + 2]! += s32; c[at + 3]! += s33;
}
