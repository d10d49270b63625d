/** Row hashes, Merkle tree and proof of work of the reference backend (SPEC §2). */
import * as m31 from "../../field/m31.ts";
import type { Column, RowHasher } from "../backend.ts";
import { ensure, exactLog2 } from "../check.ts";
import type { Permute } from "../host.ts";
import { ReferenceColumn, wordsOf } from "./column.ts";

const DIGEST = 8;
const ROW_TAG = 2;

/** The smallest nonce that leaves `bits` low zero bits in the first word of the state that absorbed it. */
export function findNonce(permute: Permute, start: Uint32Array, bits: number): number {
  for (let nonce = 0; nonce < m31.P; nonce++) {
    const state = start.slice();
    state[8] = m31.add(state[8]!, 1);
    state[9] = m31.add(state[9]!, 1);
    state[0] = m31.add(state[0]!, nonce);
    permute(state);
    if (state[0]! % 2 ** bits === 0) return nonce;
  }
  throw new RangeError(`No nonce has ${bits} zero bits`);
}

/** State 0 but [8] = 2, [9] = words; each block overwrites the rate and is permuted in. */
export function rowHasher(permute: Permute, rows: number, words: number): RowHasher {
  ensure(words % DIGEST === 0, `Rows of ${words} words are not whole blocks`);
  const states = Array.from({ length: rows }, () => {
    const state = new Uint32Array(16);
    state[8] = ROW_TAG;
    state[9] = words;
    return state;
  });
  return {
    absorb(a, b) {
      ensure(a.length === rows && b.length === rows, `${a.length} and ${b.length} entries for ${rows} rows`);
      const wordsA = wordsOf(a, 4);
      const wordsB = wordsOf(b, 4);
      states.forEach((state, row) => {
        state.set(wordsA.subarray(4 * row, 4 * row + 4), 0);
        state.set(wordsB.subarray(4 * row, 4 * row + 4), 4);
        permute(state);
      });
    },
    digests() {
      const out = new Uint32Array(DIGEST * rows);
      states.forEach((state, row) => out.set(state.subarray(0, DIGEST), DIGEST * row));
      return new ReferenceColumn(out, 4);
    },
  };
}

/** Heap of nodes over 2^n leaf digests: node k = first words of perm(l || r) + (l || r). */
export function merkle(permute: Permute, digests: Column): Column {
  const leaves = wordsOf(digests, 4);
  const rows = leaves.length / DIGEST;
  exactLog2(rows, "The number of leaves");
  const out = new Uint32Array(2 * leaves.length);
  out.set(leaves, leaves.length);
  for (let k = rows - 1; k >= 1; k--) {
    const children = out.slice(2 * DIGEST * k, 2 * DIGEST * (k + 1));
    const state = children.slice();
    permute(state);
    for (let w = 0; w < DIGEST; w++) out[DIGEST * k + w] = m31.add(state[w]!, children[w]!);
  }
  return new ReferenceColumn(out, 4);
}
