/**
 * Y = X W^T for int16 and sums modulo 2^32. W is [4 blocks, inputs], X is [count, inputs], both row-major in rows of `row` bytes, a multiple of 16; Y is
 * [count, 4 blocks] int32. A row of each quarter of W stays in the first cache while all vectors pass by, two at a time: processors fetch four streams from
 * memory faster than one.
 * Floor: 2 bytes of a weight once, one in eight of a dot_i16x8_s and of an addition a product.
 */

/** s + the sums of neighbours' products. Two products of -2^15 wrap around, as sums do. */
// @ts-ignore: decorator
@inline
function dot(s: v128, a: v128, b: v128): v128 {
  return i32x4.add(s, i32x4.dot_i16x8_s(a, b));
}

/** The sums of four vectors' lanes. */
// @ts-ignore: decorator
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/** Stores the sums of four vectors' lanes, one for each quarter. */
// @ts-ignore: decorator
@inline
function store4(y: usize, quarter: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
  v128.store_lane<i32>(y, sums, 0);
  v128.store_lane<i32>(y + quarter, sums, 1);
  v128.store_lane<i32>(y + 2 * quarter, sums, 2);
  v128.store_lane<i32>(y + 3 * quarter, sums, 3);
}

/** Four rows, `gap` bytes apart, times one vector. */
// @ts-ignore: decorator
@inline
function one(w: usize, gap: usize, x: usize, row: usize, y: usize, quarter: usize): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = x + row;
  let w1 = w + gap;
  let w2 = w1 + gap;
  let w3 = w2 + gap;
  for (; x < end; x += 16, w += 16, w1 += 16, w2 += 16, w3 += 16) {
    const v = v128.load(x);
    a = dot(a, v, v128.load(w));
    b = dot(b, v, v128.load(w1));
    c = dot(c, v, v128.load(w2));
    d = dot(d, v, v128.load(w3));
  }
  store4(y, quarter, a, b, c, d);
}

/** Four rows times two vectors, whose results are four quarters apart. */
// @ts-ignore: decorator
@inline
function two(w: usize, gap: usize, x: usize, row: usize, y: usize, quarter: usize): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  const end = x + row;
  let w1 = w + gap;
  let w2 = w1 + gap;
  let w3 = w2 + gap;
  for (; x < end; x += 16, w += 16, w1 += 16, w2 += 16, w3 += 16) {
    const u = v128.load(x);
    const v = v128.load(x + row);
    const m0 = v128.load(w);
    a = dot(a, u, m0);
    e = dot(e, v, m0);
    const m1 = v128.load(w1);
    b = dot(b, u, m1);
    f = dot(f, v, m1);
    const m2 = v128.load(w2);
    c = dot(c, u, m2);
    g = dot(g, v, m2);
    const m3 = v128.load(w3);
    d = dot(d, u, m3);
    h = dot(h, v, m3);
  }
  store4(y, quarter, a, b, c, d);
  store4(y + 4 * quarter, quarter, e, f, g, h);
}

/** Y = X W^T. */
export function multiply(w: usize, x: usize, y: usize, blocks: u32, row: usize, count: u32): void {
  const gap = (<usize>blocks) * row;
  const quarter = (<usize>blocks) << 2;
  for (let end = y + quarter; y < end; y += 4, w += row) {
    let v: u32 = 0;
    let xv = x;
    let yv = y;
    for (; v + 2 <= count; v += 2, xv += 2 * row, yv += 8 * quarter) two(w, gap, xv, row, yv, quarter);
    if (v < count) one(w, gap, xv, row, yv, quarter);
  }
}

/** y[k] += 2^16 high[k] for `bytes` bytes of words, a multiple of 16. */
export function addHigh(y: usize, high: usize, bytes: usize): void {
  for (let end = y + bytes; y < end; y += 16, high += 16) v128.store(y, i32x4.add(v128.load(y), i32x4.shl(v128.load(high), 16)));
}
