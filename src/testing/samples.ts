/** Seeded field words for tests: random ones mixed with the edges 0, 1 and P - 1. */
import { P } from "../field/m31.ts";

/** A source of canonical words, the same for the same seed. */
export class Samples {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, bound), bound <= 2^31. */
  below(bound: number): number {
    // xorshift32 has period 2^32 - 1 on non-zero states
    let x = this.#state || 0x9e3779b9;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % bound;
  }

  /** One word: an edge in three of eight cases. */
  word(): number {
    const kind = this.below(8);
    return kind === 0 ? 0 : kind === 1 ? 1 : kind === 2 ? P - 1 : this.below(P);
  }

  words(count: number): Uint32Array {
    return Uint32Array.from({ length: count }, () => this.word());
  }
}
