/**
 * Poseidon2 over M31, width 16, on four states at once: vector i holds word i of each (SPEC §2.1). Words are loose inside. `constants`: 64 words of the
 * first external rounds, 14 internal ones, 64 of the last external rounds. About 10,000 operations for four permutations, 426 products among them.
 * The state stays in memory, a chunk of four words at a time in registers: sixteen registers do not hold it together with what a product needs.
 */
import { add, canonical, modulus, mul, sub } from "./m31";

// @ts-ignore: decorator
@inline
function fifthPower(x: v128, constant: usize): v128 {
  const y = add(x, v128.load32_splat(constant));
  const y2 = mul(y, y);
  return mul(mul(y2, y2), y);
}

/** Applies M4 = circ(2, 3, 1, 1) to four words and stores them at p. */
// @ts-ignore: decorator
@inline
function storeMixed(p: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const x01 = add(x0, x1);
  const x23 = add(x2, x3);
  const all = add(x01, x23);
  const a = add(all, x1);
  const b = add(all, x3);
  v128.store(p, add(a, x01));
  v128.store(p, add(a, add(x2, x2)), 16);
  v128.store(p, add(b, x23), 32);
  v128.store(p, add(b, add(x0, x0)), 48);
}

/** `count` external rounds; count = 0 stands for the first matrix alone. The matrix adds to each word the sum over the four chunks at its place: these sums wait for the next round. */
function externalRounds(state: usize, constants: usize, count: i32): void {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = state + 256;
  for (let round = 0; round < max(count, 1); round++) {
    let t0 = i32x4.splat(0);
    let t1 = t0;
    let t2 = t0;
    let t3 = t0;
    for (let p = state; p < end; p += 64, constants += 16) {
      let x0 = add(v128.load(p), s0);
      let x1 = add(v128.load(p, 16), s1);
      let x2 = add(v128.load(p, 32), s2);
      let x3 = add(v128.load(p, 48), s3);
      if (count > 0) {
        x0 = fifthPower(x0, constants);
        x1 = fifthPower(x1, constants + 4);
        x2 = fifthPower(x2, constants + 8);
        x3 = fifthPower(x3, constants + 12);
      }
      storeMixed(p, x0, x1, x2, x3);
      t0 = add(t0, v128.load(p));
      t1 = add(t1, v128.load(p, 16));
      t2 = add(t2, v128.load(p, 32));
      t3 = add(t3, v128.load(p, 48));
    }
    s0 = t0;
    s1 = t1;
    s2 = t2;
    s3 = t3;
  }
  for (let p = state; p < end; p += 64) {
    v128.store(p, add(v128.load(p), s0));
    v128.store(p, add(v128.load(p, 16), s1), 16);
    v128.store(p, add(v128.load(p, 32), s2), 32);
    v128.store(p, add(v128.load(p, 48), s3), 48);
  }
}

/** The word at p becomes 2^k times itself, a rotation of 31 bits to the left, plus `total`. */
// @ts-ignore: decorator
@inline
function scaled(p: usize, k: i32, total: v128): v128 {
  const x = v128.load(p);
  const y = add(total, v128.or(v128.and(i32x4.shl(x, k), modulus()), i32x4.shr_u(x, 31 - k)));
  v128.store(p, y);
  return y;
}

/** 14 rounds s_0 <- (s_0 + rc)^5, s_i <- sum + V_i s_i, V = -2, 2^0 .. 2^8, 2^10, 2^12 .. 2^16. The sum of the other words does not wait for the power. */
function internalRounds(state: usize, constants: usize): void {
  let first = v128.load(state);
  let even = add(v128.load(state, 16), v128.load(state, 240));
  let odd = v128.load(state, 32);
  for (let k: usize = 48; k < 240; k += 32) {
    even = add(even, v128.load(state + k));
    odd = add(odd, v128.load(state + k, 16));
  }
  for (let round = 0; round < 14; round++) {
    const power = fifthPower(first, constants + ((<usize>round) << 2));
    const total = add(add(even, odd), power);
    first = sub(sub(total, power), power);
    even = add(total, v128.load(state, 16));
    v128.store(state, even, 16);
    odd = scaled(state + 32, 1, total);
    even = add(even, scaled(state + 48, 2, total));
    odd = add(odd, scaled(state + 64, 3, total));
    even = add(even, scaled(state + 80, 4, total));
    odd = add(odd, scaled(state + 96, 5, total));
    even = add(even, scaled(state + 112, 6, total));
    odd = add(odd, scaled(state + 128, 7, total));
    even = add(even, scaled(state + 144, 8, total));
    odd = add(odd, scaled(state + 160, 10, total));
    even = add(even, scaled(state + 176, 12, total));
    odd = add(odd, scaled(state + 192, 13, total));
    even = add(even, scaled(state + 208, 14, total));
    odd = add(odd, scaled(state + 224, 15, total));
    even = add(even, scaled(state + 240, 16, total));
  }
  v128.store(state, first);
}

/** Permutes the 16 vectors at `state` in place; canonical out. */
export function permute(state: usize, constants: usize): void {
  externalRounds(state, constants, 0);
  externalRounds(state, constants, 4);
  internalRounds(state, constants + 256);
  externalRounds(state, constants + 312, 4);
  for (let k: usize = 0; k < 256; k += 16) v128.store(state + k, canonical(v128.load(state + k)));
}
