/**
 * The prover of language models in segments: groups of layers, each committed and proven on its own, one after the other or in as many processes. Memory is that of
 * the largest segment: only one segment's weights are committed at a time, and what is left of it is its proof and the states that it ends with.
 *
 * @example
 * const plan = planSegments(decoder, 64, 4);
 * const { key, proof } = await proveSegments(plan, prompt, 59, { backend });
 * verifySegments(key, proof).tokens;
 * // or, in a process for each k, and one that joins:
 * const part = await proveSegment(plan, k, statement, { backend });
 * joinSegments(await commitSegments(plan, { backend }), parts);
 */
import type { Backend, Column, Session } from "./backend/backend.ts";
import { toWords } from "./backend/columns.ts";
import { runDecoderOn } from "./decoder.ts";
import { InternalError, ModelError } from "./errors.ts";
import { checkTokens } from "./model/transformer/compile.ts";
import { type CompiledSegment, compileSegment, type RawStatement, type SegmentRun } from "./model/transformer/compile-segment.ts";
import { computeSegment } from "./model/transformer/device-segment.ts";
import { shareMultiplier, type TransformerTables, transformerTables } from "./model/transformer/integer-run.ts";
import type { LanguageModel } from "./model/transformer/load.ts";
import { layerGroups, segmentProgram } from "./model/transformer/segment.ts";
import { FORMAT_VERSION, type VerifyingKey } from "./proof/key.ts";
import { type Committed, commitUnder, type SecurityTarget } from "./prover/commit.ts";
import type { Assignment, Computed } from "./prover/prove.ts";
import { onDevice, type ProofReport, proveReported, type ReportedOptions } from "./prover/report.ts";
import { segmentParameters } from "./prover/segments.ts";
import type { Parameters } from "./security/types.ts";
import type { SegmentedKey } from "./segments/key.ts";
import { encodeSegments } from "./segments/proof.ts";
import { type TokenEncoding, type TokenStatement, tokenBytes } from "./statement/tokens.ts";
import type { ColumnId } from "./system/types.ts";

/** What segments are made of. */
export interface LayeredModel extends Pick<LanguageModel, "name" | "program"> {
  /** A range of layers; views of the whole program's unless given. */
  readonly part?: LanguageModel["part"];
  /** How many there are; those of the whole program unless given. */
  readonly layers?: number;
}

/** A decoder cut into segments, before anything is committed. */
export interface SegmentPlan {
  readonly decoder: LayeredModel;
  readonly input: TokenEncoding;
  readonly count: number;
  /** Segment k, from 0, compiled anew at each call: it is in memory as long as somebody holds it. @throws RangeError if there is none */
  readonly segment: (k: number) => CompiledSegment;
  /** Of each segment. */
  readonly parameters: readonly Parameters[];
}

export interface ProvenSegment {
  readonly verifying: VerifyingKey;
  readonly proof: Uint8Array;
  readonly report: ProofReport;
  /** Seconds that committing the segment's weights took. */
  readonly committing: number;
}

export interface ProvenSegments {
  readonly key: SegmentedKey;
  /** Of the whole. */
  readonly proof: Uint8Array;
  readonly statement: TokenStatement;
  /** Of each segment, without keys and proofs. */
  readonly reports: readonly Pick<ProvenSegment, "report" | "committing">[];
}

/** Options of proofs; `onSegment` is told the segment that is begun, from 0. */
export interface SegmentOptions extends ReportedOptions {
  readonly onSegment?: (segment: number) => void;
}

/**
 * Cuts a decoder for up to `positions` + 1 tokens into `count` groups of layers.
 * @throws ModelError if it is an encoder, has fewer layers, cannot be proven, or the target cannot be met
 */
export function planSegments(decoder: LayeredModel, positions: number, count: number, target: SecurityTarget = {}): SegmentPlan {
  const part = decoder.part ?? ((range) => shareMultiplier(segmentProgram(decoder.program, range), decoder.program));
  const ranges = layerGroups(decoder.layers ?? decoder.program.config.layers, count);
  let tables: TransformerTables | undefined;
  const segment = (k: number): CompiledSegment => {
    const range = ranges[k];
    if (!range) throw new RangeError(`There is no segment ${k + 1} of ${count}`);
    const program = part(range);
    tables ??= transformerTables(program, positions);
    return compileSegment(program, positions, tables);
  };
  let input: TokenEncoding | undefined;
  const systems = ranges.map((_, k) => {
    const { built, form } = segment(k);
    if (form.input.kind !== "tokens") throw new ModelError(`${decoder.name} is an encoder: segments are for decoders`);
    input = form.input;
    return built.system;
  });
  if (!input) throw new InternalError("no segments");
  return { decoder, input, count, segment, parameters: segmentParameters(systems, target) };
}

/** The key of all segments; each one's weights are committed, and dropped again. */
export async function commitSegments(plan: SegmentPlan, options: { readonly backend: Backend }): Promise<SegmentedKey> {
  const keys: VerifyingKey[] = [];
  for (let k = 0; k < plan.count; k++)
    keys.push((await onDevice(options.backend, (backend) => commitSegment(plan, plan.segment(k), k, backend))).verifying);
  return keyOf(plan, keys);
}

/**
 * Proves that a prompt is continued by the tokens that it is, `count` of them or given ones, segment after segment.
 * @throws RangeError if there is no room for them; ModelError if a value leaves its bits or the model prefers another token; the signal's reason if aborted;
 * DeviceError if the backend cannot, or if a proof does not stand the check
 */
export async function proveSegments(
  plan: SegmentPlan,
  prompt: readonly number[],
  continuation: number | readonly number[],
  options: SegmentOptions,
): Promise<ProvenSegments> {
  const statement = await statementOf(plan, prompt, continuation, options);
  const proven: ProvenSegment[] = [];
  let states: SegmentRun["outgoing"] = null;
  for (let k = 0; k < plan.count; k++) {
    options.onSegment?.(k);
    const made = await proveOne(plan, k, statement, states, options);
    proven.push(made);
    states = made.outgoing;
  }
  const key = keyOf(
    plan,
    proven.map((p) => p.verifying),
  );
  return {
    key,
    proof: encodeSegments(proven.map((p) => p.proof)),
    statement,
    reports: proven.map(({ report, committing }) => ({ report, committing })),
  };
}

/** Proves segment `k`, from 0, of a statement; the states that it begins with are computed from the tokens, without a proof. @throws what `proveSegments` throws */
export async function proveSegment(
  plan: SegmentPlan,
  k: number,
  statement: TokenStatement,
  options: SegmentOptions,
): Promise<ProvenSegment> {
  checkStatement(plan, statement);
  let states: SegmentRun["outgoing"] = null;
  for (let before = 0; before < k; before++) states = plan.segment(before).run(rawOf(statement), states).outgoing;
  options.onSegment?.(k);
  const { verifying, proof, report, committing } = await proveOne(plan, k, statement, states, options);
  return { verifying, proof, report, committing };
}

/** The statement that the decoder as a whole continues a prompt so: by `count` tokens in exact integers, or by given ones. @throws RangeError, ModelError */
export async function statementOf(
  plan: SegmentPlan,
  prompt: readonly number[],
  continuation: number | readonly number[],
  options: { readonly backend: Backend },
): Promise<TokenStatement> {
  const count = typeof continuation === "number" ? continuation : continuation.length;
  checkTokens(plan.input, prompt, count);
  const statement =
    typeof continuation === "number"
      ? await runDecoderOn(plan.decoder, prompt, continuation, options)
      : { prompt, generated: continuation };
  checkStatement(plan, statement);
  return statement;
}

async function proveOne(
  plan: SegmentPlan,
  k: number,
  statement: TokenStatement,
  incoming: SegmentRun["outgoing"],
  options: SegmentOptions,
): Promise<ProvenSegment & Pick<SegmentRun, "outgoing">> {
  const segment = plan.segment(k);
  return onDevice(options.backend, async (backend) => {
    const start = performance.now();
    const { verifying, weights } = await commitSegment(plan, segment, k, backend);
    const committing = (performance.now() - start) / 1000;
    let outgoing: SegmentRun["outgoing"] = null;
    const raw = rawOf(statement);
    const onHost = (): Assignment => {
      const run = segment.run(raw, incoming);
      outgoing = run.outgoing;
      const columns = run.witness();
      return { ...raw, witness: (id) => toWords(columns.get(id) ?? new Int32Array()) };
    };
    const compute = async (session: Session, column: (id: ColumnId) => Column): Promise<Computed> => {
      const made = await computeSegment(segment, raw, incoming, session, column);
      outgoing = made.outgoing;
      return { ...raw, columns: made.columns };
    };
    const assignment = backend.witness === "device" ? () => ({ compute }) : onHost;
    const { proof, report } = await proveReported(backend, verifying, weights, assignment, options);
    return { verifying, proof, report, committing, outgoing };
  });
}

function commitSegment(plan: SegmentPlan, { built, form }: CompiledSegment, k: number, backend: Backend): Promise<Committed> {
  const parameters = plan.parameters[k];
  if (!parameters) throw new InternalError(`no parameters of segment ${k}`);
  return commitUnder(built, { name: plan.decoder.name, ...form }, parameters, backend);
}

function keyOf({ decoder }: SegmentPlan, segments: readonly VerifyingKey[]): SegmentedKey {
  return { version: FORMAT_VERSION, name: decoder.name, segments };
}

function rawOf(statement: TokenStatement): RawStatement {
  return { input: tokenBytes(statement), output: statement.generated.length };
}

function checkStatement(plan: SegmentPlan, { prompt, generated }: TokenStatement): void {
  checkTokens(plan.input, prompt, generated.length);
  checkTokens(plan.input, generated, 1);
}
