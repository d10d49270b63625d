/**
 * Verifies a computation in segments (SPEC §13): each proof under the key at its place, all of one statement, and every segment begins with the root that the one
 * before it ended with. Equal roots are equal values: a key's segments are in the regime of unique decoding and commit their boundaries alike.
 */
import { VerifyError } from "../errors.ts";
import type { Digest } from "../hash/suite.ts";
import { DEFAULT_MIN_BITS, type Statement, type VerifiedPart, type VerifyOptions, verifyPart } from "../verifier/verify.ts";
import { prepareSegments, type SegmentedKey } from "./key.ts";
import { decodeSegments } from "./proof.ts";

/**
 * Verifies the bytes of a proof in segments against a segmented key.
 * @returns the statement about the whole model that the segments show together; its bits are those of all of them
 * @throws VerifyError if the proof does not show its statement, its path naming the segment; SyntaxError, ModelError or RangeError if the key contradicts itself
 */
export function verifySegments(key: SegmentedKey, bytes: Uint8Array, options: VerifyOptions = {}): Statement {
  const { id, bits } = prepareSegments(key);
  const proofs = decodeSegments(bytes);
  if (proofs.length !== key.segments.length) throw new VerifyError("segments/count", "header");
  if (!(bits >= (options.minBits ?? DEFAULT_MIN_BITS))) throw new VerifyError("security/bits", "parameters");
  let before: VerifiedPart | null = null;
  for (const [i, segment] of key.segments.entries()) {
    const path = `segment ${i + 1}`;
    const part: VerifiedPart = within(path, () =>
      verifyPart(segment, proofs[i] ?? new Uint8Array(), { ...options, minBits: Number.NEGATIVE_INFINITY }),
    );
    if (before !== null && !sameStatement(before.statement, part.statement)) throw new VerifyError("segments/statement", path);
    if (!sameRoot(before?.outgoing ?? null, part.incoming)) throw new VerifyError("segments/boundary", path);
    before = part;
  }
  if (before === null || before.outgoing !== null) throw new VerifyError("segments/count", "last segment");
  return { ...before.statement, modelId: id, modelName: key.name, bits };
}

/** Names the segment, or another part, in what is thrown. */
export function within<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof VerifyError ? new VerifyError(error.code, `${path}: ${error.path}`) : error;
  }
}

function sameStatement(one: Statement, other: Statement): boolean {
  return one.output.index === other.output.index && sameWords(one.input, other.input);
}

function sameRoot(outgoing: Digest | null, incoming: Digest | null): boolean {
  return outgoing === null || incoming === null ? outgoing === incoming : sameWords(outgoing, incoming);
}

function sameWords(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  return one.length === other.length && Array.prototype.every.call(one, (word, i) => word === other[i]);
}
