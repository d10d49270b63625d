/** Error classes of circlet, and the closed list of reasons for which a proof is rejected. */

/** Code of a rejection -> one sentence. A test holds that every code has a tampered proof that triggers it. */
export const VERIFY_CODES = {
  "decode/size": "The proof is shorter or longer than its key implies, or exceeds the size limit",
  "decode/header": "The proof does not begin with a known format, version and suite",
  "decode/noncanonical": "A word of the proof is not a canonical field element or digest",
  "statement/key": "The proof was made for another verifying key",
  "statement/input": "The claimed input is not one that this model accepts",
  "statement/output": "The claimed output is not one that this model can produce",
  "statement/segment": "The key is that of one segment of a model, whose proof shows nothing without those of the others",
  "security/bits": "The proof's parameters give fewer proven bits than required",
  "grind/nonce": "A proof-of-work nonce does not have the required zero bits",
  "lookup/root": "The sum of the look-up fractions is not zero, or a denominator vanishes",
  "lookup/round": "A look-up layer's round polynomials do not lead to its values",
  "lookup/leaves": "The look-up tree's leaves do not match the looked-up columns",
  "constraint/final": "The constraint sumcheck does not end in the claimed column values",
  "opening/claim": "The opening sumcheck does not end in the claimed polynomials",
  "opening/fold": "A queried position does not fold to the next layer",
  "opening/path": "A Merkle path does not lead to its root",
  "segments/count": "The proof does not have one proof for every segment of its key",
  "segments/statement": "A segment was proven for another statement than the first one",
  "segments/boundary": "A segment does not begin with the values that the one before it ended with",
} as const;

export type VerifyCode = keyof typeof VERIFY_CODES;

/** Thrown by `verify` and `verifySegments` and by nothing else: this proof does not show its statement. */
export class VerifyError extends Error {
  readonly code: VerifyCode;
  readonly path: string;
  constructor(code: VerifyCode, path: string) {
    super(`${VERIFY_CODES[code]} (${code} at ${path})`);
    this.name = "VerifyError";
    this.code = code;
    this.path = path;
  }
}

/** The model cannot be proven as it stands: an operator, a shape or a bound that the system does not admit. */
export class ModelError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ModelError";
  }
}

/** The device or runtime cannot do what was asked (memory, adapter, threads). */
export class DeviceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DeviceError";
  }
}

/** A broken invariant of circlet itself. */
export class InternalError extends Error {
  constructor(message: string) {
    super(`Bug: ${message}`);
    this.name = "InternalError";
  }
}
