/**
 * `circlet/verify`: the verifier alone, without prover, backends or platform. Synchronous.
 *
 * @example
 * import { decodeKey, verify } from "circlet/verify";
 * const { input, output, bits, modelId } = verify(decodeKey(keyBytes), proofBytes, { minBits: 100 }); // throws VerifyError
 */
import type { VerifyingKey } from "./proof/key.ts";
import type { SegmentedKey } from "./segments/key.ts";
import { verifySegments as verifySegmentBytes } from "./segments/verify.ts";
import { DEFAULT_MIN_BITS, type Statement, verify as verifyBytes } from "./verifier/verify.ts";

export { ModelError, VERIFY_CODES, type VerifyCode, VerifyError } from "./errors.ts";
export { decodeKey, encodeKey, modelId, type VerifyingKey } from "./proof/key.ts";
export type { ErrorSource, Parameters, Regime } from "./security/types.ts";
export { joinSegments } from "./segments/join.ts";
export { decodeSegmentedKey, encodeSegmentedKey, type SegmentedKey, segmentedId } from "./segments/key.ts";
export type { InputEncoding, OutputDecoding } from "./statement/encoding.ts";
export type { Statement } from "./verifier/verify.ts";

/**
 * Verifies a proof in segments against a segmented key.
 * @param options.minBits proofs with fewer proven bits, over all segments, are rejected; default 100
 * @returns the statement about the whole model
 * @throws VerifyError if the proof does not show its statement; SyntaxError, ModelError or RangeError if the key contradicts itself
 */
export function verifySegments(key: SegmentedKey, proof: Uint8Array, options: { readonly minBits?: number } = {}): Statement {
  return verifySegmentBytes(key, proof, { minBits: options.minBits ?? DEFAULT_MIN_BITS });
}

/**
 * Verifies a proof's bytes against a key.
 * @param options.minBits proofs with fewer proven bits are rejected; default 100
 * @returns the statement that the proof shows
 * @throws VerifyError if the proof does not show its statement; SyntaxError, ModelError or RangeError if the key contradicts itself
 */
export function verify(key: VerifyingKey, proof: Uint8Array, options: { readonly minBits?: number } = {}): Statement {
  return verifyBytes(key, proof, { minBits: options.minBits ?? DEFAULT_MIN_BITS });
}
