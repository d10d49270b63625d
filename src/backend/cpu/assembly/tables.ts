/**
 * Multilinear tables (SPEC §1.4, §1.5): entries of K, 16 bytes each, variable 0 most significant. Every kernel works on the indices lo <= x < hi
 * of its range; `slot` is the number of the calling thread.
 */
import { add, reduce, sub } from "./m31";
import { dot, timesI, timesU } from "./qm31";

/** table[x] <- lo + r (hi - lo), lo = table[x], hi = table[x + half], for lo <= x < hi. Floor: 48 bytes and one constant product a result. */
export function bindRange(lo: u32, hi: u32, table: usize, half: u32, r: v128): void {
  const r1 = timesI(r);
  const r2 = timesU(r);
  const r3 = timesI(r2);
  const distance = (<usize>half) << 4;
  const end = table + ((<usize>hi) << 4);
  for (let p = table + ((<usize>lo) << 4); p < end; p += 16) {
    const e = v128.load(p);
    v128.store(p, add(e, dot(sub(v128.load(p + distance), e), r, r1, r2, r3)));
  }
}

/** Binds one table of 2 * half entries by the element at `r`. */
export function bind(lo: u32, hi: u32, slot: u32, table: usize, half: u32, r: usize): void {
  bindRange(lo, hi, table, half, v128.load(r));
}

/** One doubling of an eq table: table[x + size] = table[x] w, table[x] = table[x] (1 - w). Floor: 48 bytes and one constant product. */
export function eqDouble(lo: u32, hi: u32, slot: u32, table: usize, size: u32, w: usize): void {
  const r0 = v128.load(w);
  const r1 = timesI(r0);
  const r2 = timesU(r0);
  const r3 = timesI(r2);
  for (let x = lo; x < hi; x++) {
    const p = table + ((<usize>x) << 4);
    const e = v128.load(p);
    const upper = dot(e, r0, r1, r2, r3);
    v128.store(p + ((<usize>size) << 4), upper);
    v128.store(p, sub(e, upper));
  }
}

/** The last doubling of an eq table, added to dst: dst[x + size] += table[x] w, dst[x] += table[x] (1 - w). */
export function eqAdd(lo: u32, hi: u32, slot: u32, dst: usize, table: usize, size: u32, w: usize): void {
  const r0 = v128.load(w);
  const r1 = timesI(r0);
  const r2 = timesU(r0);
  const r3 = timesI(r2);
  for (let x = lo; x < hi; x++) {
    const e = v128.load(table + ((<usize>x) << 4));
    const upper = dot(e, r0, r1, r2, r3);
    const p = dst + ((<usize>x) << 4);
    const q = p + ((<usize>size) << 4);
    v128.store(q, add(v128.load(q), upper));
    v128.store(p, add(v128.load(p), sub(e, upper)));
  }
}

/** Entries per step of `combine`, so that the output stays in the first cache. */
const TILE: u32 = 256;

/**
 * out[x] = sum_k w_k column_k[x]. `list` holds `count` records of 8 words: pointer, width, 0, 0, then w_k.
 */
export function combine(lo: u32, hi: u32, slot: u32, out: usize, list: usize, count: u32): void {
  for (let start = lo; start < hi; start += TILE) {
    const end = min(start + TILE, hi);
    memory.fill(out + ((<usize>start) << 4), 0, (<usize>(end - start)) << 4);
    for (let k: u32 = 0; k < count; k++) {
      const record = list + ((<usize>k) << 5);
      const column: usize = load<u32>(record);
      const r0 = v128.load(record, 16);
      if (load<u32>(record, 4) == 1) {
        for (let x = start; x < end; x++) {
          const t = v128.load32_splat(column + ((<usize>x) << 2));
          const p = out + ((<usize>x) << 4);
          v128.store(p, add(v128.load(p), reduce(i64x2.extmul_low_i32x4_u(t, r0), i64x2.extmul_high_i32x4_u(t, r0))));
        }
      } else {
        const r1 = timesI(r0);
        const r2 = timesU(r0);
        const r3 = timesI(r2);
        for (let x = start; x < end; x++) {
          const p = out + ((<usize>x) << 4);
          v128.store(p, add(v128.load(p), dot(v128.load(column + ((<usize>x) << 4)), r0, r1, r2, r3)));
        }
      }
    }
  }
}

/** out[x] = [t[x], 0, 0, 0]. */
export function lift(lo: u32, hi: u32, slot: u32, out: usize, t: usize): void {
  for (let x = lo; x < hi; x++) v128.store(out + ((<usize>x) << 4), v128.load32_zero(t + ((<usize>x) << 2)));
}

/** out[x] = sum_k parts[k * length + x]. */
export function sumParts(lo: u32, hi: u32, slot: u32, out: usize, parts: usize, count: u32, length: u32): void {
  for (let x = lo; x < hi; x++) {
    let p = parts + ((<usize>x) << 4);
    let sum = v128.load(p);
    for (let k: u32 = 1; k < count; k++) {
      p += (<usize>length) << 4;
      sum = add(sum, v128.load(p));
    }
    v128.store(out + ((<usize>x) << 4), sum);
  }
}

/**
 * out[x] = source[index] or 0. `list` holds `count` >= 1 records of 3 words, last dimension of the target first: bits, stride of the source axis in entries
 * (0: repeat), real size (2^32 - 1: no limit). Runs along the last dimension. Floor: 32 bytes, 16 where the last dimension repeats.
 */
export function spread(lo: u32, hi: u32, slot: u32, out: usize, source: usize, list: usize, count: u32): void {
  const bits = load<u32>(list);
  const stride = (<usize>load<u32>(list, 4)) << 4;
  const size = load<u32>(list, 8);
  for (let x = lo; x < hi; ) {
    let rest = x >> bits;
    let q = source;
    let real = size;
    for (let k: u32 = 1; k < count; k++) {
      const record = list + <usize>k * 12;
      const i = rest & ((1 << load<u32>(record)) - 1);
      rest >>= load<u32>(record);
      q += (<usize>(i * load<u32>(record, 4))) << 4;
      if (i >= load<u32>(record, 8)) real = 0;
    }
    const start = (x >> bits) << bits;
    const end = min(hi, start + (1 << bits));
    const full = real == <u32>-1 ? end : min(end, start + real);
    if (x < full) {
      q += (<usize>(x - start)) * stride;
      const first = v128.load(q);
      for (; x < full; x++, q += stride) v128.store(out + ((<usize>x) << 4), stride == 0 ? first : v128.load(q));
    }
    for (; x < end; x++) v128.store(out + ((<usize>x) << 4), i32x4.splat(0));
  }
}

/**
 * dst[x] = src[sum_d index_d * strides_d], words, x the row-major index. `list` holds `count` pairs size, stride, last axis first.
 */
export function place(lo: u32, hi: u32, slot: u32, dst: usize, src: usize, list: usize, count: u32): void {
  const run = load<u32>(list);
  const stride = load<u32>(list, 4);
  for (let x = lo; x < hi; ) {
    let rest = x / run;
    const first = x - rest * run;
    const length = min(run - first, hi - x);
    let from = first * stride;
    for (let d: u32 = 1; d < count; d++) {
      const record = list + ((<usize>d) << 3);
      const size = load<u32>(record);
      from += (rest % size) * load<u32>(record, 4);
      rest /= size;
    }
    const p = dst + ((<usize>x) << 2);
    const q = src + ((<usize>from) << 2);
    if (stride == 1) {
      memory.copy(p, q, (<usize>length) << 2);
    } else {
      for (let i: u32 = 0; i < length; i++) store<u32>(p + ((<usize>i) << 2), load<u32>(q + ((<usize>(i * stride)) << 2)));
    }
    x += length;
  }
}
