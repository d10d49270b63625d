/**
 * The digest of a byte string: a fresh sponge absorbs (tag 32) the number of bytes and the bytes, 3 a word, little-endian, the last word
 * filled with zeros; the digest is the next 8 words drawn.
 */
import { TAGS } from "../transcript/tags.ts";
import { DIGEST_WORDS, type Digest, type Suite } from "./suite.ts";

const BYTES_A_WORD = 3;

/** 8 canonical words that depend on every byte and on the length; fewer than p bytes. */
export function hashBytes(suite: Suite, bytes: Uint8Array): Digest {
  const sponge = suite.sponge();
  sponge.absorb(TAGS.bytes, packBytes(bytes));
  return Uint32Array.from({ length: DIGEST_WORDS }, () => sponge.draw());
}

/** The number of bytes, then the bytes, 3 a word. */
export function packBytes(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(1 + Math.ceil(bytes.length / BYTES_A_WORD));
  words[0] = bytes.length;
  for (let i = 0; i < bytes.length; i++) {
    const at = 1 + Math.floor(i / BYTES_A_WORD);
    words[at] = words[at]! | (bytes[i]! << (8 * (i % BYTES_A_WORD)));
  }
  return words;
}
