/**
 * The Grain LFSR that gives Poseidon2 its round constants: 80 bits of state from the parameters, feedback of the taps 0, 13, 23, 38, 51, 62,
 * 160 steps discarded, self-shrinking output (of each pair of bits the second counts if the first is 1).
 */
import { P } from "../field/m31.ts";

const EXTERNAL_ROUNDS = 8;
const TAPS = [0, 13, 23, 38, 51, 62];

/** The constants of a width in the order initial, internal, final. */
export function grainConstants(width: number, internalRounds: number): { initial: number[]; internal: number[]; final: number[] } {
  const next = grainElements(width, internalRounds);
  const take = (count: number) => Array.from({ length: count }, next);
  const half = (EXTERNAL_ROUNDS / 2) * width;
  return { initial: take(half), internal: take(internalRounds), final: take(half) };
}

function grainElements(width: number, internalRounds: number): () => number {
  const field = (value: number, bits: number) => Array.from({ length: bits }, (_, k) => (value >>> (bits - 1 - k)) & 1);
  let state = [
    ...field(1, 2), // prime field
    ...field(0, 4), // S-box x^d
    ...field(31, 12),
    ...field(width, 12),
    ...field(EXTERNAL_ROUNDS, 10),
    ...field(internalRounds, 10),
    ...field(2 ** 30 - 1, 30),
  ];
  const step = (): number => {
    const bit = TAPS.reduce((sum, tap) => sum ^ state[tap]!, 0);
    state = [...state.slice(1), bit];
    return bit;
  };
  const outputBit = (): number => {
    for (;;) {
      const counts = step();
      const bit = step();
      if (counts === 1) return bit;
    }
  };
  for (let k = 0; k < 160; k++) step();
  return () => {
    for (;;) {
      let word = 0;
      for (let k = 0; k < 31; k++) word = word * 2 + outputBit();
      if (word < P) return word;
    }
  };
}
