/**
 * The constraint system of a transformer over T positions (SPEC §12): columns as layout.ts names them, the layer, the site, the head and the position as axes, so
 * that the number of constraints does not depend on how many there are.
 *
 * A decoder's public columns are `tokens`, the token read at every position, and `next`, the token that has to be the arg max after it, or the vocabulary's size
 * where the statement claims none. An encoder's are `tokens`, `present`, which marks the positions that are seen, and `embedding`, the sum of their final values.
 */
import { type BuiltSystem, onesOn, SystemBuilder, term } from "../../system/builder.ts";
import type { ColumnId, Factor } from "../../system/types.ts";
import { Frame } from "./frame.ts";
import { MARGIN_BITS } from "./integer.ts";
import { checkPositions } from "./integer-run.ts";
import { record, sizesOf, type TraceName } from "./layout.ts";
import { lowerAttention } from "./lower-attention.ts";
import { lowerFeed } from "./lower-feed.ts";
import { lowerNorm } from "./lower-norm.ts";
import { FINAL_BITS, type FinalValues, LOGIT_BITS, type TransformerProgram } from "./program.ts";

export interface LoweredTransformer {
  readonly built: BuiltSystem;
  /** The column of every value that the model has. */
  readonly columns: Readonly<Record<TraceName, ColumnId>>;
  readonly tokens: ColumnId;
  /** `next`, or `embedding`. */
  readonly output: ColumnId;
  /** Of an encoder. */
  readonly present: ColumnId | null;
  /** The state at every position that a segment begins and ends with. */
  readonly incoming: ColumnId | null;
  readonly outgoing: ColumnId | null;
}

/** The system of a transformer. @throws ModelError for a number of positions that it cannot have */
export function lowerTransformer(program: TransformerProgram, positions: number): LoweredTransformer {
  checkPositions(program, positions);
  const builder = new SystemBuilder();
  const frame = new Frame(builder, program, sizesOf(program.config, positions));
  const { vocabulary, width } = frame.sizes;
  const tokens = builder.publicColumn("tokens", [positions], [0, vocabulary - 1]);
  const limit = embeddingLimit(positions);
  const output = program.final
    ? builder.publicColumn("embedding", [width], [-limit, limit])
    : builder.publicColumn("next", [positions], [0, vocabulary]);
  const present = program.final ? builder.publicColumn("present", [positions], [0, 1]) : null;
  lowerNorm(frame);
  const { first, last } = program.config.part ?? { first: true, last: true };
  if (first) lowerEmbedding(frame, tokens);
  const incoming = first ? null : lowerBoundary(frame, "incoming", 0);
  lowerAttention(frame, present);
  lowerFeed(frame);
  const outgoing = last ? null : lowerBoundary(frame, "outgoing", frame.sizes.sites - 1);
  if (last && program.final && present !== null) lowerFinal(frame, program.final, present, output);
  else if (last) lowerHead(frame, output);
  return { built: builder.build(), columns: record(frame.columns()), tokens, output, present, incoming, outgoing };
}

/** The state at a site = a column that the segment on the other side of the boundary has too (SPEC §13.4). */
function lowerBoundary(frame: Frame, kind: "incoming" | "outgoing", site: number): ColumnId {
  const { positions, width } = frame.sizes;
  const most = 2 ** (frame.program.scales.residualBits - 1);
  const column = frame.builder.boundary(kind, `${kind} state`, [positions, width], [-most, most - 1]);
  const axes = frame.axes("positions", "width");
  const at: Factor = { kind: "at", axes: [frame.axis("sites")], index: site };
  frame.builder.constraint(`${kind} state`, axes, [term(1, [{ column, axes }]), ...frame.state(-1, at)]);
  return column;
}

/** The largest absolute value of an embedding's cell. */
export function embeddingLimit(positions: number): number {
  return positions * 2 ** (FINAL_BITS - 1);
}

/** state at site 0 = the token's row of the embedding, and the position's. */
function lowerEmbedding(frame: Frame, tokens: ColumnId): void {
  const { program, sizes } = frame;
  const embedding = frame.weight("embedding", program.embedding, "vocabulary", "width");
  const chosen: Factor = { kind: "selectEach", axes: [frame.axis("positions"), frame.axis("vocabulary")], column: tokens };
  const first: Factor = { kind: "at", axes: [frame.axis("sites")], index: 0 };
  const learned = program.positionEmbedding?.slice(0, sizes.positions * sizes.width);
  frame.builder.constraint("embedding", frame.axes("positions", "width"), [
    term(1, [embedding], [chosen]),
    ...(learned ? [term(1, [frame.weight("position embedding", learned, "positions", "width")])] : []),
    ...frame.state(-1, first),
  ]);
}

/** max_i - logit_iv - [v < next_i] = 2^14 (high + 2^13) + low >= 0, and 0 where v = next_i: no logit is larger, and those before are smaller. */
function lowerHead(frame: Frame, next: ColumnId): void {
  const { builder, program } = frame;
  // high is signed so that its table is one that other columns use
  const middle = 2 ** LOGIT_BITS;
  frame.signed(LOGIT_BITS + 1, "logitMax");
  frame.signed(LOGIT_BITS + 1 - MARGIN_BITS, "marginHigh");
  frame.unsigned(MARGIN_BITS, "marginLow");
  const head = frame.weight("head", program.head, "vocabulary", "width");
  const biases = program.headBias ? [frame.weight("head bias", program.headBias, "vocabulary")] : [];
  const each = [frame.axis("positions"), frame.axis("vocabulary")] as const;
  builder.constraint("margins", each, [
    term(1, [frame.on("logitMax")], onesOn(frame.axes("vocabulary"))),
    term(-1, [head, frame.on("normed")], [lastSite(frame)]),
    ...biases.map((bias) => term(-1, [bias], onesOn(frame.axes("positions")))),
    term(-1, [], [{ kind: "belowEach", axes: each, column: next }]),
    term(-(2 ** MARGIN_BITS), [frame.on("marginHigh")]),
    term(-middle, [], onesOn(each)),
    term(-1, [frame.on("marginLow")]),
  ]);
  const chosen: Factor = { kind: "selectEach", axes: each, column: next };
  builder.constraint("arg max", frame.axes("positions"), [
    term(2 ** MARGIN_BITS, [frame.on("marginHigh")], [chosen]),
    term(middle, [], [chosen]),
    term(1, [frame.on("marginLow")], [chosen]),
  ]);
}

/** final = round((gain y + bias) / 2^s), y normalised at the last site; embedding = the sum of `final` over the positions that are present. */
function lowerFinal(frame: Frame, { gain, bias, shift }: FinalValues, present: ColumnId, embedding: ColumnId): void {
  const { builder } = frame;
  frame.signed(FINAL_BITS, "final");
  frame.unsigned(shift, "finalRest");
  const axes = frame.axes("positions", "width");
  builder.constraint("final", axes, [
    term(1, [frame.weight("final gain", gain, "width"), frame.on("normed")], [lastSite(frame)]),
    term(1, [frame.weight("final bias", bias, "width")], onesOn(frame.axes("positions"))),
    term(2 ** (shift - 1), [], onesOn(axes)),
    term(-(2 ** shift), [frame.on("final")]),
    term(-1, [frame.on("finalRest")]),
  ]);
  builder.constraint("embedding's sum", frame.axes("width"), [
    term(1, [frame.on("final"), { column: present, axes: frame.axes("positions") }]),
    term(-1, [{ column: embedding, axes: frame.axes("width") }]),
  ]);
}

function lastSite(frame: Frame): Factor {
  return { kind: "at", axes: [frame.axis("sites")], index: frame.sizes.sites - 1 };
}
