/** The loop whose speed the kernel bench compares with a native one. */
import { mul } from "./m31";

/** `rounds` times x[k] <- x[k] * y[k] for lo <= k < hi, k counting vectors of four words; hi - lo is a multiple of 4. */
export function multiply(lo: u32, hi: u32, slot: u32, x: usize, y: usize, rounds: u32): void {
  for (let round: u32 = 0; round < rounds; round++) {
    const end = x + ((<usize>hi) << 4);
    let q = y + ((<usize>lo) << 4);
    for (let p = x + ((<usize>lo) << 4); p < end; p += 64, q += 64) {
      v128.store(p, mul(v128.load(p), v128.load(q)));
      v128.store(p, mul(v128.load(p, 16), v128.load(q, 16)), 16);
      v128.store(p, mul(v128.load(p, 32), v128.load(q, 32)), 32);
      v128.store(p, mul(v128.load(p, 48), v128.load(q, 48)), 48);
    }
  }
}
