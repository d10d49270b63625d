/**
 * Poseidon2 over M31 for any width, written as it is defined: slow, for tests and vectors (SPEC §2.1). With rc the round constants,
 * an external round is s <- M_E (s + rc)^5, an internal one s_0 <- (s_0 + rc)^5, s <- M_I s.
 */
import { add, mul, neg, pow } from "../field/m31.ts";
import type { Poseidon2Parameters } from "./poseidon2-constants.ts";

/** Called after M_E at the start ("matrix", 0) and after each round, counted from 1. */
export type RoundObserver = (phase: "matrix" | "initial" | "internal" | "final", round: number, state: readonly number[]) => void;

/** The permuted state; canonical words in and out, `state.length` = `parameters.width`. */
export function permuteGeneric(state: ArrayLike<number>, parameters: Poseidon2Parameters, observe?: RoundObserver): number[] {
  const { width, initial, internal, final } = parameters;
  if (state.length !== width) throw new RangeError(`Cannot permute ${state.length} words: the width is ${width}`);
  let s = externalMatrix(Array.from(state));
  observe?.("matrix", 0, s);
  for (const [phase, constants] of [
    ["initial", initial],
    ["internal", internal],
    ["final", final],
  ] as const) {
    const perRound = phase === "internal" ? 1 : width;
    for (let round = 0; round * perRound < constants.length; round++) {
      for (let i = 0; i < perRound; i++) s[i] = pow(add(s[i]!, constants[round * perRound + i]!), 5);
      s = phase === "internal" ? internalMatrix(s, parameters.exponents) : externalMatrix(s);
      observe?.(phase, round + 1, s);
    }
  }
  return s;
}

/** M_E = circ(2 M4, M4, ..., M4) with M4 = circ(2, 3, 1, 1). */
function externalMatrix(s: readonly number[]): number[] {
  const row = [2, 3, 1, 1];
  return s.map((_, i) => {
    let total = 0;
    for (let j = 0; j < s.length; j++) {
      const coefficient = row[(j - i + s.length) % 4]! * (i >> 2 === j >> 2 ? 2 : 1);
      total = add(total, mul(coefficient, s[j]!));
    }
    return total;
  });
}

/** M_I = J + diag(-2, 2^e_1, ...). */
function internalMatrix(s: readonly number[], exponents: readonly number[]): number[] {
  const total = s.reduce(add, 0);
  return s.map((v, i) => add(total, i === 0 ? neg(add(v, v)) : mul(v, pow(2, exponents[i - 1]!))));
}
