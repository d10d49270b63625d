/**
 * What the soundness of a proof depends on (SPEC §5 to §8): the protocol's parameters and the sizes of its messages.
 */

/**
 * How far from a codeword a committed word may be: half the distance (one codeword near), or up to about the square root of the rate (a list of them).
 */
export type Regime = "unique-decoding" | "johnson";

/** Fixed by the verifying key, never by a proof. */
export interface Parameters {
  readonly regime: Regime;
  /** h: the stacked matrix has 2^h rows (SPEC §8.1). */
  readonly rowBits: number;
  /** b: codewords have 2^(h+b) words, the rate is 2^-b. At least 1. */
  readonly blowup: number;
  /**
   * Row rounds of each committed layer of the combined codeword, each at least 1; their sum + `finalBits` = `rowBits`. Empty only if
   * rowBits = finalBits: then no folded codeword is committed and the message is sent at once.
   */
  readonly folds: readonly number[];
  /** f: the final message has 2^f elements. */
  readonly finalBits: number;
  /** Query positions drawn, with repetition. At least 1. */
  readonly queries: number;
  /** Bits of proof of work, 0 .. 24 each. */
  readonly grinding: {
    /** Once, before alpha and beta. */
    readonly lookup: number;
    /** In every round of the opening, before its challenge. */
    readonly fold: number;
    /** Once, before the query positions. */
    readonly query: number;
  };
}

/** Sizes that the errors depend on; all follow from the verifying key. */
export interface Shape {
  /** n: the fraction tree has 2^n leaves; 0 if there are no look-ups (SPEC §6.1). */
  readonly lookupBits: number;
  /** Fractions of real cells, tables' rows included. */
  readonly lookups: number;
  /** The largest number of columns of a look-up. */
  readonly maxLookupArity: number;
  /** Constraints batched by gamma (SPEC §7.1). */
  readonly constraintCount: number;
  /** Variables of rho, over all axes. */
  readonly rhoBits: number;
  /** Rounds of the constraint sumcheck (SPEC §7.2). */
  readonly constraintRounds: number;
  /** Degree of its round polynomials (SPEC §7.4). */
  readonly constraintDegree: number;
  /** Evaluation claims batched by delta (SPEC §8.3). */
  readonly claims: number;
  /** W of every commitment, in order (SPEC §8.1). */
  readonly widths: readonly number[];
}

/** One way in which a false statement may be accepted. */
export interface ErrorSource {
  readonly name: string;
  /** -log2 of a bound on its probability, grinding included. */
  readonly bits: number;
  readonly formula: string;
}
