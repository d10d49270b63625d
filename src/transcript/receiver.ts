/**
 * The verifier's side of the transcript (SPEC §2.2, §5): takes the messages of a proof in order, checks that they are canonical, absorbs them
 * and draws the challenges. Lengths come from the verifying key, never from the proof.
 */
import { VerifyError } from "../errors.ts";
import { P } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import { DIGEST_WORDS, type Digest, type Sponge, type Suite } from "../hash/suite.ts";
import { TAGS, tagName } from "./tags.ts";

export type TranscriptEvent = "absorb" | "receive" | "read" | "draw" | "grind";

/** Sees every step: a tag (0 for read and draw) and a number of words (for grind: of bits). */
export type TranscriptObserver = (kind: TranscriptEvent, tag: number, count: number) => void;

export class Receiver {
  readonly #suite: Suite;
  readonly #words: Uint32Array;
  readonly #sponge: Sponge;
  readonly #onEvent: TranscriptObserver | undefined;
  #offset = 0;
  #message = 0;

  /** `words`: all messages of the proof, one after the other. */
  constructor(suite: Suite, words: Uint32Array, onEvent?: TranscriptObserver) {
    this.#suite = suite;
    this.#words = words;
    this.#sponge = suite.sponge();
    this.#onEvent = onEvent;
  }

  get suite(): Suite {
    return this.#suite;
  }

  /** Absorbs canonical words that both sides know. */
  absorb(tag: number, words: ArrayLike<number>): void {
    this.#onEvent?.("absorb", tag, words.length);
    this.#sponge.absorb(tag, words);
  }

  /** Absorbs a digest of the suite that both sides know. */
  absorbDigest(tag: number, digest: Digest): void {
    this.#onEvent?.("absorb", tag, digest.length);
    this.#sponge.absorbDigest(tag, digest);
  }

  /** Takes and absorbs a message of `count` words. @throws VerifyError decode/size, decode/noncanonical */
  receive(tag: number, count: number): Uint32Array {
    const words = this.#takeCanonical(tagName(tag), count);
    this.#onEvent?.("receive", tag, count);
    this.#sponge.absorb(tag, words);
    return words;
  }

  /** Takes and absorbs a message of n elements of K. @throws VerifyError decode/size, decode/noncanonical */
  receiveElements(tag: number, n: number): QM31[] {
    return elementsOf(this.receive(tag, 4 * n));
  }

  /** Takes and absorbs a digest. @throws VerifyError decode/size, decode/noncanonical */
  receiveDigest(tag: number): Digest {
    const digest = this.#takeDigest(tagName(tag));
    this.#onEvent?.("receive", tag, DIGEST_WORDS);
    this.#sponge.absorbDigest(tag, digest);
    return digest;
  }

  /** Takes n words without absorbing them: openings. @throws VerifyError decode/size, decode/noncanonical */
  read(n: number): Uint32Array {
    const words = this.#takeCanonical("opening", n);
    this.#onEvent?.("read", 0, n);
    return words;
  }

  /** Takes a digest without absorbing it. @throws VerifyError decode/size, decode/noncanonical */
  readDigest(): Digest {
    const digest = this.#takeDigest("opening");
    this.#onEvent?.("read", 0, DIGEST_WORDS);
    return digest;
  }

  /** One challenge. */
  draw(): QM31 {
    return this.drawElements(1)[0]!;
  }

  /** n challenges. */
  drawElements(n: number): QM31[] {
    return elementsOf(this.#drawWords(4 * n));
  }

  /** n positions below 2^bits, bits <= 29, as drawn: neither sorted nor unique. */
  drawPositions(n: number, bits: number): number[] {
    return Array.from(this.#drawWords(n), (word) => word % 2 ** bits);
  }

  /** Takes and checks a proof-of-work nonce; nothing for bits 0. @throws VerifyError decode/size, decode/noncanonical, grind/nonce */
  grind(bits: number): void {
    if (bits === 0) return;
    const path = this.#path(tagName(TAGS.grind));
    const nonce = this.#takeCanonical(tagName(TAGS.grind), 1)[0]!;
    this.#onEvent?.("grind", TAGS.grind, bits);
    if (!this.#sponge.grindAccepts(bits, nonce)) throw new VerifyError("grind/nonce", path);
  }

  /** To be called after the last message. @throws VerifyError decode/size if words are left */
  finish(): void {
    if (this.#offset !== this.#words.length) throw new VerifyError("decode/size", "end of the proof");
  }

  #path(name: string): string {
    return `message ${this.#message} (${name})`;
  }

  #take(name: string, count: number): Uint32Array {
    const end = this.#offset + count;
    if (end > this.#words.length) throw new VerifyError("decode/size", this.#path(name));
    const words = this.#words.subarray(this.#offset, end);
    this.#offset = end;
    return words;
  }

  #takeCanonical(name: string, count: number): Uint32Array {
    const words = this.#take(name, count);
    for (let i = 0; i < count; i++) if (words[i]! >= P) throw new VerifyError("decode/noncanonical", this.#path(name));
    this.#message++;
    return words;
  }

  #takeDigest(name: string): Digest {
    const digest = this.#take(name, DIGEST_WORDS);
    if (!this.#suite.isDigest(digest)) throw new VerifyError("decode/noncanonical", this.#path(name));
    this.#message++;
    return digest;
  }

  #drawWords(count: number): Uint32Array {
    this.#onEvent?.("draw", 0, count);
    const words = new Uint32Array(count);
    for (let i = 0; i < count; i++) words[i] = this.#sponge.draw();
    return words;
  }
}

/** The elements of K in consecutive word quadruples. */
function elementsOf(words: Uint32Array): QM31[] {
  const elements: QM31[] = [];
  for (let i = 0; i < words.length; i += 4) elements.push([words[i]!, words[i + 1]!, words[i + 2]!, words[i + 3]!]);
  return elements;
}
