/**
 * What a hash suite gives the protocol: transcript sponge, Merkle node, row hash and grind (SPEC §2). All words are canonical M31 words;
 * a digest is 8 words whose meaning belongs to the suite (8 field elements, or the 32-bit limbs of one larger one).
 */

/** 8 words. */
export type Digest = Uint32Array;

/** Words of a digest. */
export const DIGEST_WORDS = 8;

/** A Fiat-Shamir transcript (SPEC §2.2). Absorbed words must be canonical: nothing is checked. */
export interface Sponge {
  /** Absorbs one message; `tag` and the number of words are below p. */
  absorb(tag: number, words: ArrayLike<number>): void;
  /** Absorbs a digest of this suite as one message. */
  absorbDigest(tag: number, digest: Digest): void;
  /** One word in [0, p). */
  draw(): number;
  /**
   * Whether the nonce, in [0, p), has the required zero bits; if so the transcript continues from the grind's state, else it is unchanged.
   * bits in [0, 24]; for 0 nothing happens and every nonce is accepted.
   */
  grindAccepts(bits: number, nonce: number): boolean;
  /** An independent copy. */
  clone(): Sponge;
}

export type SuiteName = "poseidon2-m31";
export type SuiteNumber = 1;

export interface Suite {
  readonly name: SuiteName;
  /** As written in the headers of proofs and keys. */
  readonly number: SuiteNumber;
  /** A fresh transcript. */
  sponge(): Sponge;
  /** The parent of two digests (SPEC §2.3). */
  node(left: Digest, right: Digest): Digest;
  /** The digest of a row, whose length is a multiple of 8 (SPEC §2.4). */
  row(words: ArrayLike<number>): Digest;
  /** Whether these are the 8 words of a digest in canonical form. */
  isDigest(words: ArrayLike<number>): boolean;
}
