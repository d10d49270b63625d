/**
 * Row hashes, tree nodes and proof of work (SPEC §2), four permutations at a time. Row states lie in groups of four rows: vector i of a group (256 bytes) holds
 * word i of its rows. Indices past the end repeat the last one. Floor: the permutation.
 */
import { add, transpose } from "./m31";
import { permute } from "./poseidon2";

/** Fresh states: word 8 = 2, word 9 = words in a row. */
export function startRows(lo: u32, hi: u32, slot: u32, states: usize, words: u32): void {
  for (let group = lo; group < hi; group++) {
    const state = states + ((<usize>group) << 8);
    memory.fill(state, 0, 256);
    v128.store(state, i32x4.splat(2), 128);
    v128.store(state, i32x4.splat(words), 144);
  }
}

/** Row i absorbs the entries a[i], b[i]. */
export function absorbRows(lo: u32, hi: u32, slot: u32, states: usize, a: usize, b: usize, rows: u32, constants: usize): void {
  for (let group = lo; group < hi; group++) {
    const state = states + ((<usize>group) << 8);
    const first = group << 2;
    const i0 = (<usize>first) << 4;
    const i1 = (<usize>min(first + 1, rows - 1)) << 4;
    const i2 = (<usize>min(first + 2, rows - 1)) << 4;
    const i3 = (<usize>min(first + 3, rows - 1)) << 4;
    transpose(state, a + i0, a + i1, a + i2, a + i3);
    transpose(state + 64, b + i0, b + i1, b + i2, b + i3);
    permute(state, constants);
  }
}

/** Writes words 0..7 of four states, two entries each, to the entries 2 first .. 2 first + 7 but not past 2 count. */
function storeDigests(state: usize, scratch: usize, out: usize, first: u32, count: u32): void {
  transpose(scratch, state, state + 16, state + 32, state + 48);
  transpose(scratch + 64, state + 64, state + 80, state + 96, state + 112);
  const end = min(first + 4, count);
  for (let i = first; i < end; i++) {
    const k = (<usize>(i - first)) << 4;
    v128.store(out + ((<usize>i) << 5), v128.load(scratch + k));
    v128.store(out + ((<usize>i) << 5), v128.load(scratch + 64 + k), 16);
  }
}

/** The digests of all rows; `scratch` has 2048 bytes a thread, of which 1024 are used. */
export function digestRows(lo: u32, hi: u32, slot: u32, out: usize, states: usize, rows: u32, scratch: usize): void {
  for (let group = lo; group < hi; group++) {
    storeDigests(states + ((<usize>group) << 8), scratch + ((<usize>slot) << 10), out, group << 2, rows);
  }
}

/** Nodes of one level of a heap of digests (32 bytes): node k = the first words of perm(l || r) + (l || r), l and r at 64 k. */
export function hashNodes(lo: u32, hi: u32, slot: u32, tree: usize, count: u32, scratch: usize, constants: usize): void {
  const state = scratch + ((<usize>slot) << 10);
  const input = state + 256;
  for (let group = lo; group < hi; group++) {
    const first = group << 2;
    const level = tree + ((<usize>count) << 6);
    const i0 = level + ((<usize>first) << 6);
    const i1 = level + ((<usize>min(first + 1, count - 1)) << 6);
    const i2 = level + ((<usize>min(first + 2, count - 1)) << 6);
    const i3 = level + ((<usize>min(first + 3, count - 1)) << 6);
    for (let k: usize = 0; k < 64; k += 16) transpose(state + (k << 2), i0 + k, i1 + k, i2 + k, i3 + k);
    memory.copy(input, state, 128);
    permute(state, constants);
    for (let k: usize = 0; k < 128; k += 16) v128.store(state + k, add(v128.load(state + k), v128.load(input + k)));
    storeDigests(state, state + 512, tree + ((<usize>count) << 5), first, count);
  }
}

/**
 * Nonces base + 4 lo .. base + 4 hi - 1: writes the smallest one that leaves (word 0 & mask) = 0 to the thread's word of `found` if it is smaller. Word 0 of `found` is some
 * nonce that was found, by any thread: no one searches beyond it. `start` holds the 16 words of the state without the nonce.
 */
export function findNonce(lo: u32, hi: u32, slot: u32, start: usize, base: u32, mask: u32, found: usize, scratch: usize, constants: usize): void {
  const state = scratch + ((<usize>slot) << 10);
  const best = found + 4 + ((<usize>slot) << 2);
  for (let group = lo; group < hi; group++) {
    const nonce = base + (group << 2);
    if (nonce > load<u32>(found)) return;
    for (let k: usize = 0; k < 16; k++) v128.store(state + (k << 4), v128.load32_splat(start + (k << 2)));
    v128.store(state, add(v128.load(state), i32x4(nonce, nonce + 1, nonce + 2, nonce + 3)));
    permute(state, constants);
    for (let lane: u32 = 0; lane < 4; lane++) {
      if ((load<u32>(state + (lane << 2)) & mask) == 0) {
        if (nonce + lane < load<u32>(best)) store<u32>(best, nonce + lane);
        store<u32>(found, nonce + lane);
        return;
      }
    }
  }
}
