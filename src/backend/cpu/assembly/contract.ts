/**
 * out[a, c] = sum_b w[b] t[a, b, c] with w in K (SPEC §7.2). An item is a block of outputs times a chunk of b: item = chunk * blocks + block; the partial
 * sum of output o over chunk k goes to out[k * outputs + o]. Word products are added unreduced, four at a time, then split into low and high words.
 * Floor for t in F: 4 bytes, four products and 11 operations an entry of t.
 */
import { dotHigh, dotLow, highWords, lowWords, reduceSplit, timesI, timesU } from "./qm31";

/** Outputs of an item for t in F: a cache line of t where C >= 16. */
export const BLOCK: u32 = 16;
/** Scratch of a thread: split sums of BLOCK outputs, 64 bytes each, then their addresses in t. */
const SCRATCH_SHIFT: usize = 11;
const ADDRESSES: usize = 1024;

/** Adds two vectors of u64 to the split sums at `acc`. */
// @ts-ignore: decorator
@inline
function addSplit(acc: usize, low: v128, high: v128): void {
  v128.store(acc, i64x2.add(v128.load(acc), lowWords(low)));
  v128.store(acc, i64x2.add(v128.load(acc, 16), highWords(low)), 16);
  v128.store(acc, i64x2.add(v128.load(acc, 32), lowWords(high)), 32);
  v128.store(acc, i64x2.add(v128.load(acc, 48), highWords(high)), 48);
}

/** For `count` outputs adds sum_{from <= b < to} w[b] t[b] to their split sums; t[b] is b * stride bytes after the output's address. Four b at a time, so that a line of t that holds many outputs is used whole. */
function accumulate(acc: usize, count: u32, stride: usize, w: usize, from: u32, to: u32): void {
  const end = acc + ((<usize>count) << 6);
  let b = from;
  for (; b + 4 <= to; b += 4) {
    const q = w + ((<usize>b) << 4);
    const w0 = v128.load(q);
    const w1 = v128.load(q, 16);
    const w2 = v128.load(q, 32);
    const w3 = v128.load(q, 48);
    const at = (<usize>b) * stride;
    let address = acc + ADDRESSES;
    for (let sums = acc; sums < end; sums += 64, address += 4) {
      const p = <usize>load<u32>(address) + at;
      const x0 = v128.load32_splat(p);
      const x1 = v128.load32_splat(p + stride);
      const x2 = v128.load32_splat(p + 2 * stride);
      const x3 = v128.load32_splat(p + 3 * stride);
      const low = i64x2.add(
        i64x2.add(i64x2.extmul_low_i32x4_u(x0, w0), i64x2.extmul_low_i32x4_u(x1, w1)),
        i64x2.add(i64x2.extmul_low_i32x4_u(x2, w2), i64x2.extmul_low_i32x4_u(x3, w3)),
      );
      const high = i64x2.add(
        i64x2.add(i64x2.extmul_high_i32x4_u(x0, w0), i64x2.extmul_high_i32x4_u(x1, w1)),
        i64x2.add(i64x2.extmul_high_i32x4_u(x2, w2), i64x2.extmul_high_i32x4_u(x3, w3)),
      );
      addSplit(sums, low, high);
    }
  }
  for (; b < to; b++) {
    const y = v128.load(w + ((<usize>b) << 4));
    let address = acc + ADDRESSES;
    for (let sums = acc; sums < end; sums += 64, address += 4) {
      const x = v128.load32_splat(<usize>load<u32>(address) + (<usize>b) * stride);
      addSplit(sums, i64x2.extmul_low_i32x4_u(x, y), i64x2.extmul_high_i32x4_u(x, y));
    }
  }
}

/** Address of t[a, 0, c] for the output o = a C + c, entries of 2^shift bytes. */
// @ts-ignore: decorator
@inline
function stream(t: usize, o: u32, summed: u32, inner: u32, shift: usize): usize {
  const a = o / inner;
  return t + ((<usize>a * summed * inner + (o - a * inner)) << shift);
}

/** t of width 1. `scratch` has 2048 bytes a thread. */
export function contractBase(
  lo: u32, hi: u32, slot: u32, out: usize, t: usize, w: usize, outputs: u32, summed: u32, inner: u32, chunk: u32, scratch: usize,
): void {
  const blocks = (outputs + BLOCK - 1) / BLOCK;
  const acc = scratch + ((<usize>slot) << SCRATCH_SHIFT);
  for (let item = lo; item < hi; item++) {
    const part = item / blocks;
    const first = (item - part * blocks) * BLOCK;
    const count = min(BLOCK, outputs - first);
    const from = part * chunk;
    memory.fill(acc, 0, ADDRESSES);
    for (let k: u32 = 0; k < count; k++) store<u32>(acc + ADDRESSES + ((<usize>k) << 2), <u32>stream(t, first + k, summed, inner, 2));
    accumulate(acc, count, (<usize>inner) << 2, w, from, min(from + chunk, summed));
    for (let k: u32 = 0; k < count; k++) {
      const s = acc + ((<usize>k) << 6);
      const sum = reduceSplit(v128.load(s), v128.load(s, 16), v128.load(s, 32), v128.load(s, 48));
      v128.store(out + ((<usize>(part * outputs + first + k)) << 4), sum);
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
