/**
 * Walks a valid proof and changes it word by word: every change must be rejected, with a code that the table allows for the first word that differs. The table
 * is to be complete: it has an entry for every kind of part.
 */
import { type VerifyCode, VerifyError } from "../errors.ts";
import { P } from "../field/m31.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { verifyPart } from "../verifier/verify.ts";
import { bytesOf, MUTATIONS, type Part, partsOf, wordsOf } from "./tamper.ts";

/** Codes by the part that a change meets first. A nonce after the part may fail before what the part is checked by. */
export const EXPECTED: Readonly<Record<string, readonly VerifyCode[]>> = {
  "header: mark": ["decode/header"],
  "header: version": ["decode/header"],
  "header: suite": ["decode/header"],
  "header: key digest": ["statement/key", "decode/noncanonical", "decode/size"],
  "header: output": ["statement/output", "statement/input", "lookup/round", "grind/nonce", "decode/noncanonical", "decode/size"],
  "header: input length": ["decode/size", "statement/input", "decode/noncanonical"],
  "header: input": ["statement/input", "lookup/root", "lookup/round", "grind/nonce", "decode/noncanonical"],
  "witness root": ["lookup/round", "lookup/root", "grind/nonce"],
  "incoming root": ["lookup/round", "lookup/root", "grind/nonce"],
  "outgoing root": ["lookup/round", "lookup/root", "grind/nonce"],
  "lookup root": ["lookup/root"],
  "lookup round": ["lookup/round"],
  "lookup values": ["lookup/round"],
  "lookup evaluations": ["lookup/leaves"],
  "constant evaluations": ["constraint/final"],
  "constraint round": ["constraint/final"],
  "leaf evaluations": ["constraint/final"],
  "opening round": ["opening/claim", "grind/nonce"],
  "codeword root": ["opening/claim", "grind/nonce"],
  "final message": ["opening/claim", "grind/nonce"],
  nonce: ["grind/nonce", "lookup/root", "lookup/round", "opening/claim", "opening/path", "decode/size"],
  opening: ["opening/path", "decode/size"],
};

/** One changed proof: what was done, and how it ended; code null if it was accepted. */
export interface Visit {
  readonly change: string;
  readonly code: VerifyCode | null;
  readonly allowed: readonly VerifyCode[];
}

/** The code with which a proof, of a whole or a segment, is rejected, null if it is accepted. Anything else that is thrown passes through. */
export function rejectionOf(key: VerifyingKey, proof: Uint8Array, minBits = Number.NEGATIVE_INFINITY): VerifyCode | null {
  try {
    verifyPart(key, proof, { minBits });
  } catch (error) {
    if (error instanceof VerifyError) return error.code;
    throw error;
  }
  return null;
}

/** Changes the proof at the positions that `choose` picks of every part, in all ways, and once past its end. */
export function* walk(key: VerifyingKey, proof: Uint8Array, choose: (part: Part) => readonly number[]): Generator<Visit> {
  const words = wordsOf(proof);
  const parts = partsOf(key, proof);
  for (const part of parts) {
    for (const at of choose(part)) {
      for (const [name, mutate] of Object.entries(MUTATIONS)) {
        const changed = mutate(words, part, at);
        if (changed === null) continue;
        yield {
          change: `${part.path}, word ${at}: ${name}`,
          code: rejectionOf(key, bytesOf(changed)),
          allowed: allowedFor(parts, words, changed),
        };
      }
    }
  }
  for (const more of [0, 1, 0xffffffff])
    yield { change: `one more word, ${more}`, code: rejectionOf(key, bytesOf([...words, more])), allowed: ["decode/size"] };
  for (const count of [1, 2, 3])
    yield { change: `${count} bytes less`, code: rejectionOf(key, proof.slice(0, proof.length - count)), allowed: ["decode/size"] };
}

function allowedFor(parts: readonly Part[], words: readonly number[], changed: readonly number[]): readonly VerifyCode[] {
  const first = changed.findIndex((word, i) => word !== words[i]);
  if (first < 0 || first >= words.length) return ["decode/size"]; // a prefix, or more
  const part = parts.find((p) => first < p.start + p.count);
  if (!part) throw new Error(`no part has word ${first}`);
  const isMessage = !part.path.startsWith("header");
  return isMessage && changed[first]! >= P ? ["decode/noncanonical"] : (EXPECTED[part.path] ?? []);
}
