/**
 * The part of a session that a backend whose device is the host keeps in plain words: scalar table, sponge and tape (SPEC §2.2).
 * The permutation is the backend's own.
 */
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";
import type { Monomial, Scalar } from "./backend.ts";

/** Words absorbed or drawn per permutation. */
export const RATE = 8;
const GRIND_TAG = 1;
/** Largest proof of work (SPEC §2.2). */
export const MAX_GRIND_BITS = 24;

/** Permutes a state of 16 canonical words in place. */
export type Permute = (state: Uint32Array) => void;
/** The smallest nonce whose absorption (tag 1) into `state` leaves state[0] with `bits` low zero bits, bits >= 1. */
export type FindNonce = (state: Uint32Array, bits: number) => number;

/** Elements of K by index; a scalar never changes. */
export class Scalars {
  readonly #elements: QM31[] = [];

  /** Appends elements; returns the index of the first. */
  append(elements: readonly QM31[]): Scalar {
    const first = this.#elements.length;
    for (const element of elements) this.#elements.push(element);
    return first;
  }

  /** @throws InternalError for an index that was never returned */
  get(index: Scalar): QM31 {
    const element = this.#elements[index];
    if (element === undefined) throw new InternalError(`Scalar ${index} does not exist`);
    return element;
  }

  /** Appends whole quadruples of words. @throws InternalError if a quadruple is incomplete */
  constants(words: Uint32Array): Scalar {
    if (words.length % 4 !== 0) throw new InternalError(`${words.length} words are not a whole number of elements`);
    return this.append(quadruples(words));
  }

  /** Appends coefficient * base^exponent for every term. */
  monomials(base: Scalar, terms: readonly Monomial[]): Scalar {
    const x = this.get(base);
    return this.append(terms.map((t) => qm31.scale(qm31.pow(x, t.exponent), t.coefficient)));
  }
}

/** Sponge and tape. */
export class Sponge {
  readonly #permute: Permute;
  readonly #state = new Uint32Array(16);
  #position = RATE;
  readonly #tape: number[] = [];

  constructor(permute: Permute) {
    this.#permute = permute;
  }

  /** Absorbs one message given in parts. */
  absorb(tag: number, parts: readonly Uint32Array[]): void {
    const total = parts.reduce((n, part) => n + part.length, 0);
    const state = this.#state;
    state[8] = m31.add(state[8]!, tag);
    state[9] = m31.add(state[9]!, total);
    let at = 0;
    for (const part of parts) {
      for (const word of part) {
        if (at === RATE) {
          this.#permute(state);
          at = 0;
        }
        state[at] = m31.add(state[at]!, word);
        at++;
      }
    }
    this.#permute(state);
    this.#position = 0;
  }

  /** Absorbs one message and appends it to the tape. */
  send(tag: number, parts: readonly Uint32Array[]): void {
    this.absorb(tag, parts);
    for (const part of parts) for (const word of part) this.#tape.push(word);
  }

  /** Draws `count` elements of K. */
  draw(count: number): QM31[] {
    return quadruples(this.#words(4 * count));
  }

  /** Draws positions below 2^bits, bits <= 29. */
  positions(count: number, bits: number): Uint32Array {
    if (bits > 29) throw new InternalError(`Positions of ${bits} bits exceed 29`);
    return this.#words(count).map((word) => word & (2 ** bits - 1));
  }

  /** Proof of work with `find` as the search; the conditioned words are never drawn. */
  grind(bits: number, find: FindNonce): void {
    if (bits === 0) return;
    if (bits > MAX_GRIND_BITS) throw new InternalError(`Grinding ${bits} bits exceeds ${MAX_GRIND_BITS}`);
    const nonce = find(this.#state, bits);
    this.send(GRIND_TAG, [Uint32Array.of(nonce)]);
    this.#position = RATE;
  }

  tape(): Uint32Array {
    return Uint32Array.from(this.#tape);
  }

  #words(count: number): Uint32Array {
    const out = new Uint32Array(count);
    for (let k = 0; k < count; k++) {
      if (this.#position === RATE) {
        this.#permute(this.#state);
        this.#position = 0;
      }
      out[k] = this.#state[this.#position++]!;
    }
    return out;
  }
}

/** Elements of K from consecutive words. */
export function quadruples(words: Uint32Array): QM31[] {
  const out: QM31[] = [];
  for (let k = 0; k < words.length; k += 4) out.push([words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!]);
  return out;
}
