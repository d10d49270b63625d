/**
 * The suite poseidon2-m31: everything from one permutation of 16 words, rate 0..7, capacity 8..15 (SPEC §2.2-2.4).
 */
import { InternalError } from "../errors.ts";
import { add, isCanonical } from "../field/m31.ts";
import { TAGS } from "../transcript/tags.ts";
import { permute } from "./poseidon2.ts";
import type { Digest, Sponge, Suite } from "./suite.ts";

const RATE = 8;
const WIDTH = 16;
/** Capacity word 8 of a row hash's first state. */
const ROW_DOMAIN = 2;

class Poseidon2Sponge implements Sponge {
  readonly #state: Uint32Array;
  #position: number;

  constructor(state: Uint32Array, position: number) {
    this.#state = state;
    this.#position = position;
  }

  absorb(tag: number, words: ArrayLike<number>): void {
    absorbInto(this.#state, tag, words);
    this.#position = 0;
  }

  absorbDigest(tag: number, digest: Digest): void {
    this.absorb(tag, digest);
  }

  draw(): number {
    if (this.#position === RATE) {
      permute(this.#state);
      this.#position = 0;
    }
    return this.#state[this.#position++]!;
  }

  grindAccepts(bits: number, nonce: number): boolean {
    if (bits === 0) return true;
    const state = this.#state.slice();
    absorbInto(state, TAGS.grind, [nonce]);
    if (state[0]! % 2 ** bits !== 0) return false;
    this.#state.set(state);
    this.#position = RATE;
    return true;
  }

  clone(): Sponge {
    return new Poseidon2Sponge(this.#state.slice(), this.#position);
  }
}

function absorbInto(state: Uint32Array, tag: number, words: ArrayLike<number>): void {
  const count = words.length;
  state[8] = add(state[8]!, tag);
  state[9] = add(state[9]!, count);
  let at = 0;
  do {
    const end = Math.min(count - at, RATE);
    for (let i = 0; i < end; i++) state[i] = add(state[i]!, words[at + i]!);
    permute(state);
    at += RATE;
  } while (at < count);
}

export const poseidon2M31: Suite = {
  name: "poseidon2-m31",
  number: 1,

  sponge: () => new Poseidon2Sponge(new Uint32Array(WIDTH), RATE),

  node(left, right) {
    const state = new Uint32Array(WIDTH);
    state.set(left);
    state.set(right, RATE);
    permute(state);
    for (let i = 0; i < RATE; i++) state[i] = add(state[i]!, left[i]!);
    return state.subarray(0, RATE);
  },

  row(words) {
    if (words.length % RATE !== 0) throw new InternalError(`Cannot hash a row of ${words.length} words: not a multiple of ${RATE}`);
    const state = new Uint32Array(WIDTH);
    state[8] = ROW_DOMAIN;
    state[9] = words.length;
    for (let at = 0; at < words.length; at += RATE) {
      for (let i = 0; i < RATE; i++) state[i] = words[at + i]!;
      permute(state);
    }
    return state.subarray(0, RATE);
  },

  isDigest(words) {
    if (words.length !== RATE) return false;
    for (let i = 0; i < RATE; i++) if (!isCanonical(words[i]!)) return false;
    return true;
  },
};
