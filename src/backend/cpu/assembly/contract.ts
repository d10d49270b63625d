/**
 * out[a, c] = sum_b w[b] t[a, b, c] with w in K (SPEC §7.2). An item is a block of outputs times a chunk of b: item = chunk * blocks + block; the partial
 * sum of output o over chunk k goes to out[k * outputs + o]. Word products are added unreduced, four at a time, then split into low and high words.
 * Floor for t in F: 4 bytes, four products and 11 operations an entry of t.
 */
import { dotHigh, dotLow, highWords, lowWords, reduceSplit, timesI, timesU } from "./qm31";

/** Outputs of an item for t in F: a cache line of t where C >= 16. */
export const BLOCK: u32 = 16;
/** Entries of b per visit of four outputs, so that a block's lines of t are still cached for the next four. */
const TILE: u32 = 64;

/** Adds sum_b w[b] t_k[b * stride] for four streams t_k to the split sums at acc + 64 k. */
function accumulate(acc: usize, t0: usize, t1: usize, t2: usize, t3: usize, stride: usize, w: usize, count: u32): void {
  let t = t0;
  for (let k = 0; k < 4; k++) {
    let a = v128.load(acc);
    let b = v128.load(acc, 16);
    let c = v128.load(acc, 32);
    let d = v128.load(acc, 48);
    let p = t;
    let q = w;
    let left = count;
    for (; left >= 4; left -= 4) {
      const x0 = v128.load32_splat(p);
      const x1 = v128.load32_splat(p + stride);
      const x2 = v128.load32_splat(p + 2 * stride);
      const x3 = v128.load32_splat(p + 3 * stride);
      const w0 = v128.load(q);
      const w1 = v128.load(q, 16);
      const w2 = v128.load(q, 32);
      const w3 = v128.load(q, 48);
      const low = i64x2.add(
        i64x2.add(i64x2.extmul_low_i32x4_u(x0, w0), i64x2.extmul_low_i32x4_u(x1, w1)),
        i64x2.add(i64x2.extmul_low_i32x4_u(x2, w2), i64x2.extmul_low_i32x4_u(x3, w3)),
      );
      const high = i64x2.add(
        i64x2.add(i64x2.extmul_high_i32x4_u(x0, w0), i64x2.extmul_high_i32x4_u(x1, w1)),
        i64x2.add(i64x2.extmul_high_i32x4_u(x2, w2), i64x2.extmul_high_i32x4_u(x3, w3)),
      );
      a = i64x2.add(a, lowWords(low));
      b = i64x2.add(b, highWords(low));
      c = i64x2.add(c, lowWords(high));
      d = i64x2.add(d, highWords(high));
      p += 4 * stride;
      q += 64;
    }
    for (; left > 0; left--) {
      const x = v128.load32_splat(p);
      const y = v128.load(q);
      const low = i64x2.extmul_low_i32x4_u(x, y);
      const high = i64x2.extmul_high_i32x4_u(x, y);
      a = i64x2.add(a, lowWords(low));
      b = i64x2.add(b, highWords(low));
      c = i64x2.add(c, lowWords(high));
      d = i64x2.add(d, highWords(high));
      p += stride;
      q += 16;
    }
    v128.store(acc, a);
    v128.store(acc, b, 16);
    v128.store(acc, c, 32);
    v128.store(acc, d, 48);
    acc += 64;
    t = k == 0 ? t1 : k == 1 ? t2 : t3;
  }
}

/** Address of t[a, 0, c] for the output o = a C + c, entries of 2^shift bytes. */
// @ts-ignore: decorator
@inline
function stream(t: usize, o: u32, summed: u32, inner: u32, shift: usize): usize {
  const a = o / inner;
  return t + ((<usize>a * summed * inner + (o - a * inner)) << shift);
}

/** t of width 1. `scratch` has 1024 bytes a thread. */
export function contractBase(
  lo: u32, hi: u32, slot: u32, out: usize, t: usize, w: usize, outputs: u32, summed: u32, inner: u32, chunk: u32, scratch: usize,
): void {
  const blocks = (outputs + BLOCK - 1) / BLOCK;
  const acc = scratch + ((<usize>slot) << 10);
  const stride = (<usize>inner) << 2;
  for (let item = lo; item < hi; item++) {
    const part = item / blocks;
    const first = (item - part * blocks) * BLOCK;
    const last = min(first + BLOCK, outputs);
    const from = part * chunk;
    const to = min(from + chunk, summed);
    memory.fill(acc, 0, 1024);
    for (let b = from; b < to; b += TILE) {
      const count = min(TILE, to - b);
      const at = (<usize>b) * stride;
      for (let o = first; o < last; o += 4) {
        const t0 = stream(t, o, summed, inner, 2) + at;
        const t1 = o + 1 < last ? stream(t, o + 1, summed, inner, 2) + at : t0;
        const t2 = o + 2 < last ? stream(t, o + 2, summed, inner, 2) + at : t0;
        const t3 = o + 3 < last ? stream(t, o + 3, summed, inner, 2) + at : t0;
        accumulate(acc + ((<usize>(o - first)) << 6), t0, t1, t2, t3, stride, w + ((<usize>b) << 4), count);
      }
    }
    for (let o = first; o < last; o++) {
      const s = acc + ((<usize>(o - first)) << 6);
      const sum = reduceSplit(v128.load(s), v128.load(s, 16), v128.load(s, 32), v128.load(s, 48));
      v128.store(out + ((<usize>(part * outputs + o)) << 4), sum);
    }
  }
}

/** t of width 4; blocks of one output. */
export function contractExtension(
  lo: u32, hi: u32, slot: u32, out: usize, t: usize, w: usize, outputs: u32, summed: u32, inner: u32, chunk: u32,
): void {
  for (let item = lo; item < hi; item++) {
    const part = item / outputs;
    const o = item - part * outputs;
    const from = part * chunk;
    const to = min(from + chunk, summed);
    let p = stream(t, o, summed, inner, 4) + (((<usize>from) * inner) << 4);
    let a = i64x2.splat(0);
    let b = i64x2.splat(0);
    let c = i64x2.splat(0);
    let d = i64x2.splat(0);
    for (let k = from; k < to; k++) {
      const r0 = v128.load(w + ((<usize>k) << 4));
      const r1 = timesI(r0);
      const r2 = timesU(r0);
      const r3 = timesI(r2);
      const x = v128.load(p);
      const low = dotLow(x, r0, r1, r2, r3);
      const high = dotHigh(x, r0, r1, r2, r3);
      a = i64x2.add(a, lowWords(low));
      b = i64x2.add(b, highWords(low));
      c = i64x2.add(c, lowWords(high));
      d = i64x2.add(d, highWords(high));
      p += (<usize>inner) << 4;
    }
    v128.store(out + ((<usize>item) << 4), reduceSplit(a, b, c, d));
  }
}
