/**
 * The verifier: bind, commit, look up, constrain, open (SPEC §5). Synchronous, deterministic, and on any bytes at all it returns the shown statement or throws
 * VerifyError. Its parameters come from the key alone.
 */
import { InternalError, VerifyError } from "../errors.ts";
import { fromInteger } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import { packBytes } from "../hash/bytes.ts";
import type { Digest, Suite } from "../hash/suite.ts";
import { suiteByName } from "../hash/suites.ts";
import { reduceLookups } from "../lookup/verify.ts";
import { type CommitmentKind, ROOT_TAGS } from "../pcs/layout.ts";
import { verifyOpening } from "../pcs/verify.ts";
import { evaluateTensor } from "../poly/multilinear.ts";
import { keyDigest, modelId, type VerifyingKey } from "../proof/key.ts";
import { decodeProof, type Proof } from "../proof/proof.ts";
import { publicCells } from "../statement/columns.ts";
import { type EmbeddingStatement, readEmbedding } from "../statement/embedding.ts";
import { readTokens, type TokenStatement } from "../statement/tokens.ts";
import { reduceConstraints } from "../sumcheck/verify.ts";
import type { ColumnId } from "../system/types.ts";
import { Receiver, type TranscriptObserver } from "../transcript/receiver.ts";
import { TAGS } from "../transcript/tags.ts";
import { type Plan, planKey } from "./plan.ts";

/** Proven bits that a verifier requires unless told otherwise. */
export const DEFAULT_MIN_BITS = 100;

/** What an accepted proof shows: the model with this id maps this input to this output. */
export interface Statement {
  readonly modelId: string;
  readonly modelName: string;
  /** The raw input: UTF-8 text, or a tensor's cells as little-endian 32-bit integers. */
  readonly input: Uint8Array;
  /** Index of the output, and its label; of a decoder, how many tokens it generated, of an encoder, how many it read, without a label. */
  readonly output: { readonly index: number; readonly label: string };
  /** A decoder's tokens: the model continues the prompt by the generated ones, each the arg max after all before it. */
  readonly tokens?: TokenStatement;
  /** An encoder's tokens and their embedding. */
  readonly embedding?: EmbeddingStatement;
  /** Proven bits of soundness (docs/protocol.md §9). */
  readonly bits: number;
}

export interface VerifyOptions {
  /** Proofs whose parameters give fewer proven bits are rejected. */
  readonly minBits?: number;
  /** The suite to use; for tests of the transcript. */
  readonly suite?: Suite;
  /** Sees every step of the transcript. */
  readonly observer?: TranscriptObserver;
}

/** The parts of a key that do not depend on a proof, made once per key object. */
const plans = new WeakMap<VerifyingKey, { plan: Plan; digest: Digest }>();

/** The plan and digest of a key. @throws SyntaxError, ModelError, RangeError if the key contradicts itself */
export function prepareKey(key: VerifyingKey): { readonly plan: Plan; readonly digest: Digest } {
  let prepared = plans.get(key);
  if (!prepared) {
    prepared = { plan: planKey(key), digest: keyDigest(key) };
    plans.set(key, prepared);
  }
  return prepared;
}

/**
 * Verifies a proof's bytes against a key.
 * @throws VerifyError if the proof does not show its statement; SyntaxError, ModelError or RangeError if the key itself contradicts itself
 */
export function verify(key: VerifyingKey, bytes: Uint8Array, options: VerifyOptions = {}): Statement {
  if (prepareKey(key).plan.layouts.some(({ kind }) => kind === "incoming" || kind === "outgoing"))
    throw new VerifyError("statement/segment", "key");
  return verifyPart(key, bytes, options).statement;
}

/** What the proof of a segment shows: its system holds for this statement and the values committed under these roots, null where it has no such boundary. */
export interface VerifiedPart {
  readonly statement: Statement;
  readonly incoming: Digest | null;
  readonly outgoing: Digest | null;
}

/** Verifies a proof that may be one of several segments'. Alone, it shows nothing of the model. @throws what `verify` throws */
export function verifyPart(key: VerifyingKey, bytes: Uint8Array, options: VerifyOptions = {}): VerifiedPart {
  const { plan, digest } = prepareKey(key);
  const suite = options.suite ?? suiteByName(key.suite);
  if (!suite) throw new InternalError(`no suite ${key.suite}`);
  const proof = decodeProof(bytes);
  if (proof.suite !== suite.number) throw new VerifyError("decode/header", "suite");
  if (proof.key.some((word, i) => word !== digest[i])) throw new VerifyError("statement/key", "key digest");
  if (!(plan.soundness.bits >= (options.minBits ?? DEFAULT_MIN_BITS))) throw new VerifyError("security/bits", "parameters");
  const publicValues = statementColumns(key, proof);
  const { label, ...said } = meaningOf(key, proof);

  const receiver = new Receiver(suite, proof.words, options.observer);
  bind(receiver, key, digest, proof, publicValues);
  const roots = plan.layouts.map(({ kind }) => (kind === "weight" ? key.weightRoot : receiver.receiveDigest(ROOT_TAGS[kind])));
  const evaluatePublic = (column: ColumnId, point: readonly (readonly QM31[])[]) =>
    evaluateTensor(publicValues.get(column) ?? new Uint32Array(1), key.system.columns[column]?.shape ?? [], point.flat());
  const claims = [
    ...reduceLookups(receiver, key.system, plan.lookups, key.parameters.grinding.lookup, evaluatePublic),
    ...reduceConstraints(receiver, key.system, plan.constraints, evaluatePublic, (column) => publicValues.get(column) ?? []),
  ];
  verifyOpening(receiver, key.parameters, plan.layouts, roots, claims);
  receiver.finish();
  const statement = {
    modelId: modelId(key),
    modelName: key.name,
    input: proof.input,
    output: { index: proof.output, label },
    ...said,
    bits: plan.soundness.bits,
  };
  const rootOf = (kind: CommitmentKind): Digest | null => roots[plan.layouts.findIndex((l) => l.kind === kind)] ?? null;
  return { statement, incoming: rootOf("incoming"), outgoing: rootOf("outgoing") };
}

/** What a statement says beside its raw input. @throws VerifyError statement/output */
function meaningOf({ input, output }: VerifyingKey, proof: Proof): Pick<Statement, "tokens" | "embedding"> & { readonly label: string } {
  if (input.kind === "tokens") return { label: "", tokens: readTokens(input, proof.input, proof.output) };
  if (input.kind === "embedding") return { label: "", embedding: readEmbedding(input, proof.input, proof.output) };
  const label = output.labels[proof.output];
  if (label === undefined) throw new VerifyError("statement/output", "output");
  return { label };
}

/** The public columns of a statement as canonical words, in column order. @throws VerifyError statement/input, statement/output */
export function statementColumns(key: VerifyingKey, { input, output }: Pick<Proof, "input" | "output">): Map<ColumnId, Uint32Array> {
  const { labels } = key.output;
  if (labels.length > 0 && output >= labels.length) throw new VerifyError("statement/output", "output");
  try {
    const cells = publicCells(key, input, output);
    return new Map([...cells].sort(([a], [b]) => a - b).map(([id, values]) => [id, Uint32Array.from(values, fromInteger)]));
  } catch (error) {
    if (error instanceof RangeError) throw new VerifyError("statement/input", error.message);
    throw error;
  }
}

/** What both sides absorb first (SPEC §5.1): key, statement, public columns. */
export function bind(
  transcript: { absorb(tag: number, words: ArrayLike<number>): void },
  key: VerifyingKey,
  digest: Digest,
  statement: Pick<Proof, "input" | "output">,
  publicValues: ReadonlyMap<ColumnId, Uint32Array>,
): void {
  transcript.absorb(TAGS.keyDigest, digest);
  const input = packBytes(statement.input);
  const words = new Uint32Array(input.length + 1);
  words.set(input);
  words[input.length] = statement.output;
  transcript.absorb(TAGS.statement, words);
  key.system.columns.forEach((column, id) => {
    if (column.kind === "public") transcript.absorb(TAGS.publicColumn, publicValues.get(id) ?? new Uint32Array());
  });
}
