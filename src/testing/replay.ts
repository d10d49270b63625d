/**
 * Transcripts whose challenges are recorded or prescribed, for tests of binding: a false claim that passes with recorded challenges must fail with
 * the real transcript.
 */
import { InternalError } from "../errors.ts";
import type { Sponge, Suite } from "../hash/suite.ts";

/** A suite like the given one that appends every drawn word, of all its sponges, to `draws`. */
export function recordingSuite(suite: Suite): { readonly suite: Suite; readonly draws: number[] } {
  const draws: number[] = [];
  const record = (inner: Sponge): Sponge => ({
    absorb: (tag, words) => inner.absorb(tag, words),
    absorbDigest: (tag, digest) => inner.absorbDigest(tag, digest),
    draw: () => {
      const word = inner.draw();
      draws.push(word);
      return word;
    },
    grindAccepts: (bits, nonce) => inner.grindAccepts(bits, nonce),
    clone: () => record(inner.clone()),
  });
  return { suite: { ...suite, sponge: () => record(suite.sponge()) }, draws };
}

/** A suite like the given one whose every sponge draws these words in order, whatever it absorbs, and accepts every nonce. */
export function replayingSuite(suite: Suite, draws: readonly number[]): Suite {
  const replay = (start: number): Sponge => {
    let next = start;
    return {
      absorb: () => undefined,
      absorbDigest: () => undefined,
      draw: () => {
        const word = draws[next++];
        if (word === undefined) throw new InternalError(`Only ${draws.length} recorded draws`);
        return word;
      },
      grindAccepts: () => true,
      clone: () => replay(next),
    };
  };
  return { ...suite, sponge: () => replay(0) };
}
