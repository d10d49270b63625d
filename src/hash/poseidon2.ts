/**
 * Poseidon2 over M31, width 16, fast on plain numbers (SPEC §2.1); `poseidon2-definition.ts` is what it computes.
 *
 * Between steps a word is any representative in [0, P], so that P may stand for 0. All arithmetic is on 32-bit integers that wrap: for u < 2^32
 * (as unsigned) fold(u) = (u & P) + (u >>> 31) is such a representative of u. Only the result is made canonical.
 */
import { WIDTH_16 } from "./poseidon2-constants.ts";

/** Not imported: a constant of this module is folded into the compiled code whatever the loader does to imports. */
const P = 0x7fffffff;

const INITIAL = Int32Array.from(WIDTH_16.initial);
const INTERNAL = Int32Array.from(WIDTH_16.internal);
const FINAL = Int32Array.from(WIDTH_16.final);
const EXPONENTS = Int32Array.from([0, ...WIDTH_16.exponents]);

/** The state between entry and exit: one signed array keeps every access in 32-bit integers. */
const S = new Int32Array(16);

/** Permutes 16 words in [0, P) in place. */
export function permute(state: Uint32Array): void {
  for (let i = 0; i < 16; i++) S[i] = state[i]!;
  externalMatrix();
  for (let at = 0; at < 64; at += 16) externalRound(INITIAL, at);
  internalRounds();
  for (let at = 0; at < 64; at += 16) externalRound(FINAL, at);
  for (let i = 0; i < 16; i++) state[i] = S[i] === P ? 0 : S[i]!;
}

function fold(u: number): number {
  return ((u & P) + (u >>> 31)) | 0;
}

/** (v + constant)^5 for v <= P: products by 16-bit halves, high part (ab >> 31) plus low part (ab & P). */
function fifthPower(v: number, constant: number): number {
  const x = fold((v + constant) | 0);
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const middle2 = (Math.imul(x0 << 1, x1) + (Math.imul(x0, x0) >>> 16)) | 0;
  const y = fold(((((middle2 >>> 15) + (Math.imul(x1, x1) << 1)) | 0) + (Math.imul(x, x) & P)) | 0);
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  const middle4 = (Math.imul(y0 << 1, y1) + (Math.imul(y0, y0) >>> 16)) | 0;
  const z = fold(((((middle4 >>> 15) + (Math.imul(y1, y1) << 1)) | 0) + (Math.imul(y, y) & P)) | 0);
  const z0 = z & 0xffff;
  const z1 = z >>> 16;
  const middle5 = (((Math.imul(z0, x1) + Math.imul(z1, x0)) | 0) + (Math.imul(z0, x0) >>> 16)) | 0;
  return fold(((((middle5 >>> 15) + (Math.imul(z1, x1) << 1)) | 0) + (Math.imul(z, x) & P)) | 0);
}

function externalRound(constants: Int32Array, at: number): void {
  for (let i = 0; i < 16; i++) S[i] = fifthPower(S[i]!, constants[at + i]!);
  externalMatrix();
}

/** M4 = circ(2, 3, 1, 1) on every chunk of 4, then adds to each word the sum over all chunks at its place. */
function externalMatrix(): void {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let c = 0; c < 16; c += 4) {
    const x0 = S[c]!;
    const x1 = S[c + 1]!;
    const x2 = S[c + 2]!;
    const x3 = S[c + 3]!;
    const t01 = fold((x0 + x1) | 0);
    const t23 = fold((x2 + x3) | 0);
    const t = fold((t01 + t23) | 0);
    const a = fold((t + x1) | 0);
    const b = fold((t + x3) | 0);
    const y0 = fold((a + t01) | 0);
    const y1 = fold((a + fold(x2 << 1)) | 0);
    const y2 = fold((b + t23) | 0);
    const y3 = fold((b + fold(x0 << 1)) | 0);
    S[c] = y0;
    S[c + 1] = y1;
    S[c + 2] = y2;
    S[c + 3] = y3;
    sum0 = fold((sum0 + y0) | 0);
    sum1 = fold((sum1 + y1) | 0);
    sum2 = fold((sum2 + y2) | 0);
    sum3 = fold((sum3 + y3) | 0);
  }
  for (let c = 0; c < 16; c += 4) {
    S[c] = fold((S[c]! + sum0) | 0);
    S[c + 1] = fold((S[c + 1]! + sum1) | 0);
    S[c + 2] = fold((S[c + 2]! + sum2) | 0);
    S[c + 3] = fold((S[c + 3]! + sum3) | 0);
  }
}

/** s_0 <- (s_0 + rc)^5, then s_i <- sum + V_i s_i with sum = s_0 + ... + s_15; a product with 2^k is a rotation of 31 bits. */
function internalRounds(): void {
  let others = 0;
  for (let i = 1; i < 16; i++) others = fold((others + S[i]!) | 0);
  for (let round = 0; round < 14; round++) {
    const first = fifthPower(S[0]!, INTERNAL[round]!);
    const sum = fold((others + first) | 0);
    S[0] = fold((sum + fold((P - first) << 1)) | 0); // V_0 = -2
    others = 0;
    for (let i = 1; i < 16; i++) {
      const v = S[i]!;
      const k = EXPONENTS[i]!;
      const w = fold((sum + (((v << k) & P) | (v >>> (31 - k)))) | 0);
      S[i] = w;
      others = fold((others + w) | 0);
    }
  }
}
