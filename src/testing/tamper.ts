/** Where everything lies in a proof file, and small changes to it. Positions are 32-bit words of the file. */
import { P } from "../field/m31.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { decodeProof } from "../proof/proof.ts";
import { TAGS, tagName } from "../transcript/tags.ts";
import { verifyPart } from "../verifier/verify.ts";

/** A header field, a message, a nonce or an opening: words start .. start + count - 1 of the file. */
export interface Part {
  readonly path: string;
  readonly start: number;
  readonly count: number;
}

const HEADER: readonly (readonly [string, number])[] = [
  ["header: mark", 1],
  ["header: version", 1],
  ["header: suite", 1],
  ["header: key digest", 8],
  ["header: output", 1],
  ["header: input length", 1],
];

/** All parts of a valid proof, in order, without a gap. The first values of the look-up tree, its root, are a part of their own kind. */
export function partsOf(key: VerifyingKey, proof: Uint8Array): Part[] {
  const parts: Part[] = [];
  let start = 0;
  const add = (path: string, count: number) => {
    parts.push({ path, start, count });
    start += count;
  };
  for (const [path, count] of HEADER) add(path, count);
  add("header: input", Math.ceil(decodeProof(proof).input.length / 4));
  verifyPart(key, proof, {
    minBits: Number.NEGATIVE_INFINITY,
    observer: (kind, tag, count) => {
      const isRoot = tag === TAGS.lookupValues && !parts.some((p) => p.path === "lookup root");
      if (kind === "receive") add(isRoot ? "lookup root" : tagName(tag), count);
      if (kind === "grind") add("nonce", 1);
      if (kind === "read") add("opening", count);
    },
  });
  if (4 * start !== proof.length) throw new Error(`parts of ${4 * start} bytes in a proof of ${proof.length}`);
  return parts;
}

export function wordsOf(proof: Uint8Array): number[] {
  const view = new DataView(proof.buffer, proof.byteOffset, proof.byteLength);
  return Array.from({ length: proof.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

export function bytesOf(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  return new Uint8Array(view.buffer);
}

/** A change at one word of a part; null where it changes nothing. */
export type Mutation = (words: readonly number[], part: Part, at: number) => number[] | null;

/** The other encoding of the same element, or a word that is far from canonical. */
const withMultiple: Mutation = (words, _, at) => (words[at]! < P ? words.toSpliced(at, 1, words[at]! + P) : null);

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "plus one": (words, _, at) => words.toSpliced(at, 1, words[at]! < P ? (words[at]! + 1) % P : words[at]! - 1),
  zero: (words, _, at) => (words[at] === 0 ? null : words.toSpliced(at, 1, 0)),
  "swap with the next": (words, part, at) => {
    const other = at + 1 < part.start + part.count ? at + 1 : at - 1;
    return other < part.start || words[at] === words[other] ? null : words.with(at, words[other]!).with(other, words[at]!);
  },
  "plus p": withMultiple,
  "all ones": (words, _, at) => (words[at] === 0xffffffff ? null : words.toSpliced(at, 1, 0xffffffff)),
  drop: (words, _, at) => words.toSpliced(at, 1),
  duplicate: (words, _, at) => words.toSpliced(at, 0, words[at]!),
  "cut off": (words, _, at) => words.slice(0, at),
};
