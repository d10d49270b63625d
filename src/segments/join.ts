/** Makes one proof from those of the segments, which other processes may have made. */
import { decodeProof } from "../proof/proof.ts";
import { prepareKey } from "../verifier/verify.ts";
import type { SegmentedKey } from "./key.ts";
import { encodeSegments } from "./proof.ts";
import { verifySegments, within } from "./verify.ts";

/**
 * Joins the proofs of all segments, given in any order (those of segments with one and the same key in theirs), and verifies the whole.
 * @throws RangeError if a segment has no proof or a proof no segment; VerifyError if a proof does not hold or does not fit the one before it, its path naming the
 * segment
 */
export function joinSegments(key: SegmentedKey, parts: readonly Uint8Array[]): Uint8Array {
  const count = key.segments.length;
  const places = key.segments.map((segment) => prepareKey(segment).digest.join());
  const free = new Map(parts.map((bytes, p) => [p, within(`proof ${p + 1}`, () => decodeProof(bytes).key.join())]));
  const ordered = places.map((place, i) => {
    const [found] = [...free].find(([, digest]) => digest === place) ?? [];
    if (found === undefined) throw new RangeError(`There is no proof of segment ${i + 1} of ${count}`);
    free.delete(found);
    return parts[found] ?? new Uint8Array();
  });
  for (const [p, digest] of free) {
    const segment = places.indexOf(digest);
    throw new RangeError(
      segment < 0 ? `Proof ${p + 1} is of no segment of this key` : `Proof ${p + 1} is of segment ${segment + 1}, which has one already`,
    );
  }
  const bytes = encodeSegments(ordered);
  verifySegments(key, bytes, { minBits: 0 });
  return bytes;
}
