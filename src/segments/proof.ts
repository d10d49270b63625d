/** The proof of a computation in segments (SPEC §13.2): a header and the proofs of all segments, in order, each with its length. */
import { VerifyError } from "../errors.ts";
import { FORMAT_VERSION } from "../proof/key.ts";
import { MAX_PROOF_BYTES } from "../proof/proof.ts";
import { MAX_SEGMENTS } from "./key.ts";

const MAGIC = 0x70736363; // "ccsp"
const HEADER_WORDS = 3;
/** No proof in segments is larger. */
export const MAX_SEGMENTED_BYTES = 16 * MAX_PROOF_BYTES;

/** The bytes of a proof in segments. @throws RangeError if it has more or larger ones than a verifier reads */
export function encodeSegments(proofs: readonly Uint8Array[]): Uint8Array {
  const length = proofs.reduce((n, p) => n + 4 + p.length, 4 * HEADER_WORDS);
  if (proofs.length < 1 || proofs.length > MAX_SEGMENTS || length > MAX_SEGMENTED_BYTES)
    throw new RangeError(`Cannot join ${proofs.length} proofs of ${length} bytes: at most ${MAX_SEGMENTS} of ${MAX_SEGMENTED_BYTES}`);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  [MAGIC, FORMAT_VERSION, proofs.length].forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  let offset = 4 * HEADER_WORDS;
  for (const proof of proofs) {
    view.setUint32(offset, proof.length, true);
    bytes.set(proof, offset + 4);
    offset += 4 + proof.length;
  }
  return bytes;
}

/** The proofs of the segments, views of the bytes. @throws VerifyError decode/size, decode/header, segments/count */
export function decodeSegments(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > MAX_SEGMENTED_BYTES || bytes.length < 4 * HEADER_WORDS) throw new VerifyError("decode/size", "proof");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== FORMAT_VERSION) throw new VerifyError("decode/header", "header");
  const count = view.getUint32(8, true);
  if (count < 1 || count > MAX_SEGMENTS) throw new VerifyError("segments/count", "header");
  const proofs: Uint8Array[] = [];
  let offset = 4 * HEADER_WORDS;
  for (let i = 0; i < count; i++) {
    if (offset + 4 > bytes.length) throw new VerifyError("decode/size", `segment ${i + 1}`);
    const end = offset + 4 + view.getUint32(offset, true);
    if (end > bytes.length) throw new VerifyError("decode/size", `segment ${i + 1}`);
    proofs.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  if (offset !== bytes.length) throw new VerifyError("decode/size", "after the last segment");
  return proofs;
}
