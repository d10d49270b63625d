/**
 * What the bytes of a proof are spent on, by message (SPEC §5.1) and opening (SPEC §8.7). The lengths are those that the verifier reads: it is run once and
 * watched.
 */
import { InternalError } from "../errors.ts";
import type { Digest } from "../hash/suite.ts";
import { suiteByName } from "../hash/suites.ts";
import { tagName } from "../transcript/tags.ts";
import { prepareKey, verifyPart } from "../verifier/verify.ts";
import type { VerifyingKey } from "./key.ts";
import { decodeProof } from "./proof.ts";

/** A part of a proof file. */
export interface ProofPart {
  readonly part: string;
  readonly bytes: number;
}

/** An opening read without being absorbed, or a row of words hashed. */
type Step = { readonly kind: "read" | "row"; readonly words: number };

/** Parts in the order of the file; their bytes add up to its length. @throws VerifyError if the proof is not valid for the key */
export function proofSizes(key: VerifyingKey, bytes: Uint8Array): ProofPart[] {
  const { input, words } = decodeProof(bytes);
  const parts = new Map<string, number>([
    ["header", bytes.length - 4 * words.length - 4 * Math.ceil(input.length / 4)],
    ["input", 4 * Math.ceil(input.length / 4)],
  ]);
  const add = (part: string, count: number) => parts.set(part, (parts.get(part) ?? 0) + 4 * count);
  const steps: Step[] = [];
  const suite = suiteByName(key.suite);
  if (!suite) throw new InternalError(`no suite ${key.suite}`);
  const row = (words: ArrayLike<number>): Digest => {
    steps.push({ kind: "row", words: words.length });
    return suite.row(words);
  };
  verifyPart(key, bytes, {
    minBits: Number.NEGATIVE_INFINITY,
    suite: { ...suite, row },
    observer: (kind, tag, count) => {
      if (kind === "receive") add(tagName(tag), count);
      if (kind === "grind") add("proof of work", 1);
      if (kind === "read") steps.push({ kind: "read", words: count });
    },
  });
  addOpenings(
    prepareKey(key).plan.layouts.map((l) => l.kind),
    steps,
    add,
  );
  return [...parts].map(([part, size]) => ({ part, bytes: size }));
}

/** Every tree's openings are its leaves, then its path; then the leaves are hashed, so that the number of hashes tells the two apart. */
function addOpenings(commitments: readonly string[], steps: readonly Step[], add: (part: string, words: number) => void): void {
  let tree = 0;
  let at = 0;
  while (at < steps.length) {
    const firstHash = steps.findIndex((s, i) => i >= at && s.kind === "row");
    const nextRead = steps.findIndex((s, i) => i >= firstHash && s.kind === "read");
    const end = nextRead < 0 ? steps.length : nextRead;
    const leaves = end - firstHash;
    const name = commitments[tree] ?? `folded layer ${tree - commitments.length + 1}`;
    steps.slice(at, firstHash).forEach(({ words }, i) => {
      add(i < leaves ? `${name} leaves` : `${name} paths`, words);
    });
    at = end;
    tree++;
  }
}
