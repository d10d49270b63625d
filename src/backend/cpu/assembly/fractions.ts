/** The look-up tree (SPEC §6): leaf layer, layers, rounds. Entries of K, 16 bytes each. */
import { add, reduce, sub } from "./m31";
import { addTo, dot, dotHigh, dotLow, highWords, lowWords, one, product, reduceSplit, timesI, timesU } from "./qm31";
import { bindRange } from "./tables";

/** numerators 0, denominators 1. */
export function emptyFractions(lo: u32, hi: u32, slot: u32, numerators: usize, denominators: usize): void {
  for (let x = lo; x < hi; x++) {
    v128.store(numerators + ((<usize>x) << 4), i32x4.splat(0));
    v128.store(denominators + ((<usize>x) << 4), one());
  }
}

/**
 * Cells lo <= x < hi of one instance whose first padded cell is at the given addresses: 1 or -m over base - sum_k beta^k c_k, base = alpha - t; padding is 0 / base.
 * `record`: base; then words: number of columns, multiplicities or 0, number of axes (>= 1), 0; then per column 8 words: pointer, 0, 0, 0,
 * -beta^k; then per axis, last first: real size, bits. Floor: 32 bytes written, one F * K product a column.
 */
export function fractionLeaves(lo: u32, hi: u32, slot: u32, numerators: usize, denominators: usize, record: usize): void {
  const base = v128.load(record);
  const columns = load<u32>(record, 16);
  const multiplicities: usize = load<u32>(record, 20);
  const axes = load<u32>(record, 24);
  const list = record + 32;
  const shape = list + ((<usize>columns) << 5);
  const size = load<u32>(shape);
  const bits = load<u32>(shape, 4);
  for (let x = lo; x < hi; ) {
    let rest = x >> bits;
    const end = min(hi, (rest + 1) << bits);
    let row: u32 = 0;
    let stride: u32 = 1;
    let real = size;
    for (let d: u32 = 1; d < axes; d++) {
      const axis = shape + ((<usize>d) << 3);
      const i = rest & ((1 << load<u32>(axis, 4)) - 1);
      rest >>= load<u32>(axis, 4);
      if (i >= load<u32>(axis)) real = 0;
      row += i * stride;
      stride *= load<u32>(axis);
    }
    for (let j = x & ((1 << bits) - 1); x < end; x++, j++) {
      const n = numerators + ((<usize>x) << 4);
      const d = denominators + ((<usize>x) << 4);
      if (j >= real) {
        v128.store(n, i32x4.splat(0));
        v128.store(d, base);
        continue;
      }
      const cell = (<usize>(row * size + j)) << 2;
      let value = base;
      for (let k: u32 = 0; k < columns; k++) {
        const column = list + ((<usize>k) << 5);
        const c = v128.load32_splat(load<u32>(column) + cell);
        const w = v128.load(column, 16);
        value = add(value, reduce(i64x2.extmul_low_i32x4_u(c, w), i64x2.extmul_high_i32x4_u(c, w)));
      }
      v128.store(n, multiplicities == 0 ? one() : sub(i32x4.splat(0), v128.load32_zero(multiplicities + cell)));
      v128.store(d, value);
    }
  }
}

/** outN[i] = n0 d1 + n1 d0, outD[i] = d0 d1 for the pairs i, i + half. Floor: 64 bytes read, 32 written, three products. */
export function addFractions(lo: u32, hi: u32, slot: u32, outN: usize, outD: usize, numerators: usize, denominators: usize, half: u32): void {
  const distance = (<usize>half) << 4;
  for (let i = lo; i < hi; i++) {
    const at = (<usize>i) << 4;
    const n0 = v128.load(numerators + at);
    const n1 = v128.load(numerators + at + distance);
    const d0 = v128.load(denominators + at);
    const d1 = v128.load(denominators + at + distance);
    const r1 = timesI(d1);
    const r2 = timesU(d1);
    const r3 = timesI(r2);
    v128.store(outN + at, add(dot(n0, d1, r1, r2, r3), product(n1, d0)));
    v128.store(outD + at, dot(d0, d1, r1, r2, r3));
  }
}

/** n0 d1 + d0 (n1 + lambda d1), with l the multiples of lambda. */
// @ts-ignore: decorator
@inline
function layerValue(n0: v128, n1: v128, d0: v128, d1: v128, l0: v128, l1: v128, l2: v128, l3: v128): v128 {
  return add(product(n0, d1), product(d0, add(n1, dot(d1, l0, l1, l2, l3))));
}

/** Entries per step, so that what was bound is still in the first cache when it is summed. */
const TILE: u32 = 64;

/**
 * For lo <= x < half' = hi: with `r` != 0 binds the four tables of 4 * half entries and halves eq (2 * half entries) in place; then adds to the thread's two
 * elements sum_x eq[x] p(0, x) and the leading coefficient, p = n0 d1 + n1 d0 + lambda d0 d1.
 * Floor per x: 10 constant products and 6 products, 2 of them unreduced; 288 bytes read, 144 written.
 */
export function fractionRound(
  lo: u32, hi: u32, slot: u32, n0: usize, n1: usize, d0: usize, d1: usize, eq: usize, half: u32, r: usize, lambda: usize, sums: usize,
): void {
  const distance = (<usize>half) << 4;
  const l0 = v128.load(lambda);
  const l1 = timesI(l0);
  const l2 = timesU(l0);
  const l3 = timesI(l2);
  const sum = sums + ((<usize>slot) << 5);
  for (let start = lo; start < hi; start += TILE) {
    const end = min(start + TILE, hi);
    if (r != 0) {
      const challenge = v128.load(r);
      bindRange(start, end, n0, 2 * half, challenge);
      bindRange(start + half, end + half, n0, 2 * half, challenge);
      bindRange(start, end, n1, 2 * half, challenge);
      bindRange(start + half, end + half, n1, 2 * half, challenge);
      bindRange(start, end, d0, 2 * half, challenge);
      bindRange(start + half, end + half, d0, 2 * half, challenge);
      bindRange(start, end, d1, 2 * half, challenge);
      bindRange(start + half, end + half, d1, 2 * half, challenge);
      for (let x = start; x < end; x++) {
        const p = eq + ((<usize>x) << 4);
        v128.store(p, add(v128.load(p), v128.load(p + distance)));
      }
    }
    addLayerSums(sum, start, end, n0, n1, d0, d1, eq, distance, l0, l1, l2, l3);
  }
}

function addLayerSums(
  sum: usize, start: u32, end: u32, n0: usize, n1: usize, d0: usize, d1: usize, eq: usize, distance: usize, l0: v128, l1: v128, l2: v128, l3: v128,
): void {
  let a0 = i64x2.splat(0);
  let b0 = i64x2.splat(0);
  let c0 = i64x2.splat(0);
  let e0 = i64x2.splat(0);
  let a1 = i64x2.splat(0);
  let b1 = i64x2.splat(0);
  let c1 = i64x2.splat(0);
  let e1 = i64x2.splat(0);
  for (let x = start; x < end; x++) {
    const at = (<usize>x) << 4;
    const n00 = v128.load(n0 + at);
    const n10 = v128.load(n1 + at);
    const d00 = v128.load(d0 + at);
    const d10 = v128.load(d1 + at);
    const atZero = layerValue(n00, n10, d00, d10, l0, l1, l2, l3);
    const leading = layerValue(
      sub(v128.load(n0 + at + distance), n00),
      sub(v128.load(n1 + at + distance), n10),
      sub(v128.load(d0 + at + distance), d00),
      sub(v128.load(d1 + at + distance), d10),
      l0, l1, l2, l3,
    );
    const r0 = v128.load(eq + at);
    const r1 = timesI(r0);
    const r2 = timesU(r0);
    const r3 = timesI(r2);
    const low0 = dotLow(atZero, r0, r1, r2, r3);
    const high0 = dotHigh(atZero, r0, r1, r2, r3);
    const low1 = dotLow(leading, r0, r1, r2, r3);
    const high1 = dotHigh(leading, r0, r1, r2, r3);
    a0 = i64x2.add(a0, lowWords(low0));
    b0 = i64x2.add(b0, highWords(low0));
    c0 = i64x2.add(c0, lowWords(high0));
    e0 = i64x2.add(e0, highWords(high0));
    a1 = i64x2.add(a1, lowWords(low1));
    b1 = i64x2.add(b1, highWords(low1));
    c1 = i64x2.add(c1, lowWords(high1));
    e1 = i64x2.add(e1, highWords(high1));
  }
  addTo(sum, reduceSplit(a0, b0, c0, e0));
  addTo(sum + 16, reduceSplit(a1, b1, c1, e1));
}
