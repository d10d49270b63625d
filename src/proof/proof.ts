/**
 * The proof file (SPEC §10.2): header, statement, then the transcript's messages and openings as words. Decoding checks sizes before it allocates and
 * throws nothing but VerifyError.
 */
import { VerifyError } from "../errors.ts";
import type { Digest } from "../hash/suite.ts";
import { suiteByNumber } from "../hash/suites.ts";
import { MAX_TEXT_BYTES } from "../statement/encoding.ts";
import { FORMAT_VERSION } from "./key.ts";

const MAGIC = 0x72706363; // "ccpr"
const HEADER_WORDS = 13;
/** No proof is larger: decoding never allocates more than this many bytes. */
export const MAX_PROOF_BYTES = 64 * 2 ** 20;
const MAX_INPUT_BYTES = 4 * 2 ** 20;

export interface Proof {
  readonly suite: number;
  /** Digest of the verifying key it was made for. */
  readonly key: Digest;
  /** The raw input: text or tensor bytes, as the key's input encoding reads them. */
  readonly input: Uint8Array;
  /** Index of the output. */
  readonly output: number;
  /** Messages and openings in order (SPEC §5). */
  readonly words: Uint32Array;
}

/** The bytes of a proof. */
export function encodeProof(proof: Proof): Uint8Array {
  const padded = Math.ceil(proof.input.length / 4) * 4;
  const bytes = new Uint8Array(4 * HEADER_WORDS + padded + 4 * proof.words.length);
  const view = new DataView(bytes.buffer);
  const header = [MAGIC, FORMAT_VERSION, proof.suite, ...proof.key, proof.output, proof.input.length];
  header.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  bytes.set(proof.input, 4 * HEADER_WORDS);
  proof.words.forEach((word, i) => {
    view.setUint32(4 * HEADER_WORDS + padded + 4 * i, word, true);
  });
  return bytes;
}

/** A proof from its bytes; words are checked for canonicity as they are read. @throws VerifyError decode/size, decode/header, decode/noncanonical */
export function decodeProof(bytes: Uint8Array): Proof {
  if (bytes.length > MAX_PROOF_BYTES || bytes.length % 4 !== 0) throw new VerifyError("decode/size", "proof");
  if (bytes.length < 4 * HEADER_WORDS) throw new VerifyError("decode/size", "header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (i: number) => view.getUint32(4 * i, true);
  const suite = suiteByNumber(word(2));
  if (word(0) !== MAGIC || word(1) !== FORMAT_VERSION || !suite) throw new VerifyError("decode/header", "header");
  const key = Uint32Array.from({ length: 8 }, (_, i) => word(3 + i));
  if (!suite.isDigest(key)) throw new VerifyError("decode/noncanonical", "key digest");
  const inputBytes = word(12);
  const padded = Math.ceil(inputBytes / 4) * 4;
  if (inputBytes > Math.max(MAX_INPUT_BYTES, MAX_TEXT_BYTES) || 4 * HEADER_WORDS + padded > bytes.length)
    throw new VerifyError("decode/size", "input");
  const start = 4 * HEADER_WORDS;
  if (bytes.subarray(start + inputBytes, start + padded).some((b) => b !== 0))
    throw new VerifyError("decode/noncanonical", "input padding");
  const first = HEADER_WORDS + padded / 4;
  const words = new Uint32Array(bytes.length / 4 - first); // a plain loop: Uint32Array.from takes ten times as long
  for (let i = 0; i < words.length; i++) words[i] = word(first + i);
  return { suite: suite.number, key, input: bytes.slice(start, start + inputBytes), output: word(11), words };
}
