/**
 * Poseidon2 over M31, width 16, on four states at once: vector i holds word i of each (SPEC §2.1). Words are loose inside. `constants`: 64 words of the
 * first external rounds, 14 internal ones, 64 of the last external rounds. About 10,000 operations for four permutations, half of them in the 426 products.
 */
import { add, canonical, modulus, mul, sub } from "./m31";

// @ts-ignore: decorator
@inline
function fifthPower(x: v128, constant: usize): v128 {
  const y = add(x, v128.load32_splat(constant));
  const y2 = mul(y, y);
  return mul(mul(y2, y2), y);
}

/** 2^k x: a rotation of 31 bits to the left. */
// @ts-ignore: decorator
@inline
function rotate(x: v128, k: i32): v128 {
  return v128.or(v128.and(i32x4.shl(x, k), modulus()), i32x4.shr_u(x, 31 - k));
}

/** Permutes the 16 vectors at `state` in place; canonical out. */
export function permute(state: usize, constants: usize): void {
  let s0 = v128.load(state, 0);
  let s1 = v128.load(state, 16);
  let s2 = v128.load(state, 32);
  let s3 = v128.load(state, 48);
  let s4 = v128.load(state, 64);
  let s5 = v128.load(state, 80);
  let s6 = v128.load(state, 96);
  let s7 = v128.load(state, 112);
  let s8 = v128.load(state, 128);
  let s9 = v128.load(state, 144);
  let s10 = v128.load(state, 160);
  let s11 = v128.load(state, 176);
  let s12 = v128.load(state, 192);
  let s13 = v128.load(state, 208);
  let s14 = v128.load(state, 224);
  let s15 = v128.load(state, 240);
  let at = constants;
  // Step 0 is the first matrix alone; the internal rounds follow step 4.
  for (let step = 0; step <= 8; step++) {
    if (step != 0) {
      s0 = fifthPower(s0, at + 0);
      s1 = fifthPower(s1, at + 4);
      s2 = fifthPower(s2, at + 8);
      s3 = fifthPower(s3, at + 12);
      s4 = fifthPower(s4, at + 16);
      s5 = fifthPower(s5, at + 20);
      s6 = fifthPower(s6, at + 24);
      s7 = fifthPower(s7, at + 28);
      s8 = fifthPower(s8, at + 32);
      s9 = fifthPower(s9, at + 36);
      s10 = fifthPower(s10, at + 40);
      s11 = fifthPower(s11, at + 44);
      s12 = fifthPower(s12, at + 48);
      s13 = fifthPower(s13, at + 52);
      s14 = fifthPower(s14, at + 56);
      s15 = fifthPower(s15, at + 60);
      at += 64;
    }
    // M4 = circ(2, 3, 1, 1) on every chunk of four.
    const p0 = add(s0, s1);
    const q0 = add(s2, s3);
    const t0 = add(p0, q0);
    const u0 = add(t0, s1);
    const v0 = add(t0, s3);
    const w0 = add(s0, s0);
    s1 = add(u0, add(s2, s2));
    s0 = add(u0, p0);
    s2 = add(v0, q0);
    s3 = add(v0, w0);
    const p1 = add(s4, s5);
    const q1 = add(s6, s7);
    const t1 = add(p1, q1);
    const u1 = add(t1, s5);
    const v1 = add(t1, s7);
    const w1 = add(s4, s4);
    s5 = add(u1, add(s6, s6));
    s4 = add(u1, p1);
    s6 = add(v1, q1);
    s7 = add(v1, w1);
    const p2 = add(s8, s9);
    const q2 = add(s10, s11);
    const t2 = add(p2, q2);
    const u2 = add(t2, s9);
    const v2 = add(t2, s11);
    const w2 = add(s8, s8);
    s9 = add(u2, add(s10, s10));
    s8 = add(u2, p2);
    s10 = add(v2, q2);
    s11 = add(v2, w2);
    const p3 = add(s12, s13);
    const q3 = add(s14, s15);
    const t3 = add(p3, q3);
    const u3 = add(t3, s13);
    const v3 = add(t3, s15);
    const w3 = add(s12, s12);
    s13 = add(u3, add(s14, s14));
    s12 = add(u3, p3);
    s14 = add(v3, q3);
    s15 = add(v3, w3);
    // To each word the sum over all chunks at its place.
    const sum0 = add(add(s0, s4), add(s8, s12));
    const sum1 = add(add(s1, s5), add(s9, s13));
    const sum2 = add(add(s2, s6), add(s10, s14));
    const sum3 = add(add(s3, s7), add(s11, s15));
    s0 = add(s0, sum0);
    s1 = add(s1, sum1);
    s2 = add(s2, sum2);
    s3 = add(s3, sum3);
    s4 = add(s4, sum0);
    s5 = add(s5, sum1);
    s6 = add(s6, sum2);
    s7 = add(s7, sum3);
    s8 = add(s8, sum0);
    s9 = add(s9, sum1);
    s10 = add(s10, sum2);
    s11 = add(s11, sum3);
    s12 = add(s12, sum0);
    s13 = add(s13, sum1);
    s14 = add(s14, sum2);
    s15 = add(s15, sum3);
    if (step == 4) {
      for (let round = 0; round < 14; round++, at += 4) {
        s0 = fifthPower(s0, at);
        const left = add(add(add(s0, s1), add(s2, s3)), add(add(s4, s5), add(s6, s7)));
        const right = add(add(add(s8, s9), add(s10, s11)), add(add(s12, s13), add(s14, s15)));
        const total = add(left, right);
        s0 = sub(sub(total, s0), s0);
        s1 = add(total, s1);
        s2 = add(total, rotate(s2, 1));
        s3 = add(total, rotate(s3, 2));
        s4 = add(total, rotate(s4, 3));
        s5 = add(total, rotate(s5, 4));
        s6 = add(total, rotate(s6, 5));
        s7 = add(total, rotate(s7, 6));
        s8 = add(total, rotate(s8, 7));
        s9 = add(total, rotate(s9, 8));
        s10 = add(total, rotate(s10, 10));
        s11 = add(total, rotate(s11, 12));
        s12 = add(total, rotate(s12, 13));
        s13 = add(total, rotate(s13, 14));
        s14 = add(total, rotate(s14, 15));
        s15 = add(total, rotate(s15, 16));
      }
    }
  }
  v128.store(state, canonical(s0), 0);
  v128.store(state, canonical(s1), 16);
  v128.store(state, canonical(s2), 32);
  v128.store(state, canonical(s3), 48);
  v128.store(state, canonical(s4), 64);
  v128.store(state, canonical(s5), 80);
  v128.store(state, canonical(s6), 96);
  v128.store(state, canonical(s7), 112);
  v128.store(state, canonical(s8), 128);
  v128.store(state, canonical(s9), 144);
  v128.store(state, canonical(s10), 160);
  v128.store(state, canonical(s11), 176);
  v128.store(state, canonical(s12), 192);
  v128.store(state, canonical(s13), 208);
  v128.store(state, canonical(s14), 224);
  v128.store(state, canonical(s15), 240);
}
