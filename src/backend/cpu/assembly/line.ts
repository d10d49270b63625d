/**
 * Line code on entries of K (SPEC §3): four words a row side by side, twiddles in F splatted. `twiddles` is a heap: D(n)[i], i < 2^(n-1), at word 2^(n-1) + i.
 */
import { add, halve, inverse, mul, sub } from "./m31";
import { dot, timesI, timesU } from "./qm31";

/** Row i of out = words i of four consecutive columns of 2^k words each, for groups of four rows (the last one may be short). */
export function interleave(lo: u32, hi: u32, slot: u32, out: usize, column: usize, rows: u32): void {
  const length = (<usize>rows) << 2;
  for (let group = lo; group < hi; group++) {
    const first = group << 2;
    const end = min(first + 4, rows);
    for (let i = first; i < end; i++) {
      let p = column + ((<usize>i) << 2);
      const q = out + ((<usize>i) << 4);
      for (let k: usize = 0; k < 16; k += 4) {
        store<u32>(q + k, load<u32>(p));
        p += length;
      }
    }
  }
}

/** (e, o) -> (e + x o, e - x o). */
// @ts-ignore: decorator
@inline
function butterfly(p: usize, q: usize, x: v128): void {
  const even = v128.load(p);
  const odd = mul(v128.load(q), x);
  v128.store(p, add(even, odd));
  v128.store(q, sub(even, odd));
}

/** Layer n alone for the pairs lo <= k < hi of the whole codeword. */
export function encodeLayer(lo: u32, hi: u32, slot: u32, word: usize, twiddles: usize, n: u32): void {
  const half: u32 = 1 << (n - 1);
  const distance = (<usize>half) << 4;
  const domain = twiddles + (<usize>4 << (n - 1));
  for (let k = lo; k < hi; k++) {
    const i = k & (half - 1);
    const p = word + ((<usize>(((k - i) << 1) + i)) << 4);
    butterfly(p, p + distance, v128.load32_splat(domain + ((<usize>i) << 2)));
  }
}

/** Layers n and n + 1 in one pass, for the quadruples lo <= k < hi: 64 bytes read and written and four products for four entries. */
export function encodeTwoLayers(lo: u32, hi: u32, slot: u32, word: usize, twiddles: usize, n: u32): void {
  const quarter: u32 = 1 << (n - 1);
  const distance = (<usize>quarter) << 4;
  const inner = twiddles + (<usize>4 << (n - 1));
  const outer = twiddles + (<usize>4 << n);
  for (let k = lo; k < hi; k++) {
    const i = k & (quarter - 1);
    const p = word + ((<usize>(((k - i) << 2) + i)) << 4);
    const x = v128.load32_splat(inner + ((<usize>i) << 2));
    const y = v128.load32_splat(outer + ((<usize>i) << 2));
    const z = v128.load32_splat(outer + ((<usize>(i + quarter)) << 2));
    const e0 = v128.load(p);
    const o0 = mul(v128.load(p + distance), x);
    const e1 = v128.load(p + 2 * distance);
    const o1 = mul(v128.load(p + 3 * distance), x);
    const a = add(e0, o0);
    const b = sub(e0, o0);
    const c = mul(add(e1, o1), y);
    const d = mul(sub(e1, o1), z);
    v128.store(p, add(a, c));
    v128.store(p + distance, add(b, d));
    v128.store(p + 2 * distance, sub(a, c));
    v128.store(p + 3 * distance, sub(b, d));
  }
}

/** Blocks lo <= k < hi of 2^bits entries: repeats the message values 2^blowup times, then all layers that stay within a block (which fits the first cache). */
export function encodeBlocks(lo: u32, hi: u32, slot: u32, word: usize, message: usize, twiddles: usize, blowup: u32, bits: u32): void {
  for (let block = lo; block < hi; block++) {
    const at = word + ((<usize>block) << (4 + bits));
    const values = message + ((<usize>block) << (4 + bits - blowup));
    const count: u32 = 1 << (bits - blowup);
    let q = at;
    for (let j: u32 = 0; j < count; j++) {
      const value = v128.load(values + ((<usize>j) << 4));
      for (let t: u32 = 0; t < <u32>(1 << blowup); t++, q += 16) v128.store(q, value);
    }
    let n = blowup + 1;
    if (((bits - blowup) & 1) == 1) encodeLayer(0, 1 << (bits - 1), slot, at, twiddles, n++);
    for (; n <= bits; n += 2) encodeTwoLayers(0, 1 << (bits - 2), slot, at, twiddles, n);
  }
}

/**
 * out[i] = e + r (o - e), e = (f(i) + f(i + half)) / 2, o = (f(i) - f(i + half)) / (2 D(n)[i]), for groups of four i (the last one may be short), whose
 * inverses are taken side by side. half = 2^(n-1). Floor: 48 bytes, one constant product, 10 word products for the inverse.
 */
export function fold(lo: u32, hi: u32, slot: u32, out: usize, word: usize, twiddles: usize, half: u32, r: usize): void {
  const r0 = v128.load(r);
  const r1 = timesI(r0);
  const r2 = timesU(r0);
  const r3 = timesI(r2);
  const distance = (<usize>half) << 4;
  for (let group = lo; group < hi; group++) {
    const first = group << 2;
    const x = v128.load(twiddles + ((<usize>(half + first)) << 2));
    let inverses = inverse(add(x, x));
    const end = min(first + 4, half);
    for (let i = first; i < end; i++) {
      const at = (<usize>i) << 4;
      const f0 = v128.load(word + at);
      const f1 = v128.load(word + at + distance);
      const even = halve(add(f0, f1));
      const odd = mul(sub(f0, f1), i32x4.shuffle(inverses, inverses, 0, 0, 0, 0));
      v128.store(out + at, add(even, dot(sub(odd, even), r0, r1, r2, r3)));
      inverses = i32x4.shuffle(inverses, inverses, 1, 2, 3, 0);
    }
  }
}
