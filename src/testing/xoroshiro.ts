/**
 * Xoroshiro128Plus seeded by SplitMix64, as Rust's rand_xoshiro has it: for constants that other projects' tests draw from it.
 */
const MASK = (1n << 64n) - 1n;

const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (64n - k))) & MASK;

/** A stream of u64 values. */
export function xoroshiro128Plus(seed: bigint): () => bigint {
  let counter = seed;
  const splitMix = (): bigint => {
    counter = (counter + 0x9e3779b97f4a7c15n) & MASK;
    let z = counter;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  };
  let s0 = splitMix();
  let s1 = splitMix();
  return () => {
    const result = (s0 + s1) & MASK;
    const mixed = s1 ^ s0;
    s0 = rotate(s0, 24n) ^ mixed ^ ((mixed << 16n) & MASK);
    s1 = rotate(mixed, 37n);
    return result;
  };
}
