/**
 * The constraint system of a decoder over T positions (SPEC §12): columns as layout.ts names them, the layer, the site, the head and the position as axes, so
 * that the number of constraints does not depend on how many there are.
 *
 * The statement's columns are `tokens`, the token read at every position, and `next`, the token that has to be the arg max after it, or the vocabulary's size
 * where the statement claims none.
 */
import { type BuiltSystem, onesOn, SystemBuilder, term } from "../../system/builder.ts";
import type { ColumnId, Factor } from "../../system/types.ts";
import { Frame } from "./frame.ts";
import { checkPositions, MARGIN_BITS } from "./integer.ts";
import { record, sizesOf, type TraceName } from "./layout.ts";
import { lowerAttention } from "./lower-attention.ts";
import { lowerFeed } from "./lower-feed.ts";
import { lowerNorm } from "./lower-norm.ts";
import { LOGIT_BITS, type TransformerProgram } from "./program.ts";

export interface LoweredDecoder {
  readonly built: BuiltSystem;
  /** The column of every value of the trace. */
  readonly columns: Readonly<Record<TraceName, ColumnId>>;
  readonly tokens: ColumnId;
  readonly next: ColumnId;
}

/** The system of a decoder. @throws ModelError for a number of positions that it cannot have */
export function lowerDecoder(program: TransformerProgram, positions: number): LoweredDecoder {
  checkPositions(program, positions);
  const builder = new SystemBuilder();
  const frame = new Frame(builder, program, sizesOf(program.config, positions));
  const { vocabulary } = frame.sizes;
  const tokens = builder.publicColumn("tokens", [positions], [0, vocabulary - 1]);
  const next = builder.publicColumn("next", [positions], [0, vocabulary]);
  lowerNorm(frame);
  lowerEmbedding(frame, tokens);
  lowerAttention(frame);
  lowerFeed(frame);
  lowerHead(frame, next);
  return { built: builder.build(), columns: record(frame.columns()), tokens, next };
}

/** state at site 0 = the token's row of the embedding. */
function lowerEmbedding(frame: Frame, tokens: ColumnId): void {
  const embedding = frame.weight("embedding", frame.program.embedding, "vocabulary", "width");
  const chosen: Factor = { kind: "selectEach", axes: [frame.axis("positions"), frame.axis("vocabulary")], column: tokens };
  const first: Factor = { kind: "at", axes: [frame.axis("sites")], index: 0 };
  frame.builder.constraint("embedding", frame.axes("positions", "width"), [term(1, [embedding], [chosen]), ...frame.state(-1, first)]);
}

/** max_i - logit_iv - [v < next_i] = 2^14 (high + 2^13) + low >= 0, and 0 where v = next_i: no logit is larger, and those before are smaller. */
function lowerHead(frame: Frame, next: ColumnId): void {
  const { builder, sizes } = frame;
  // high is signed so that its table is one that other columns use
  const middle = 2 ** LOGIT_BITS;
  frame.signed(LOGIT_BITS + 1, "logitMax");
  frame.signed(LOGIT_BITS + 1 - MARGIN_BITS, "marginHigh");
  frame.unsigned(MARGIN_BITS, "marginLow");
  const head = frame.weight("head", frame.program.head, "vocabulary", "width");
  const last: Factor = { kind: "at", axes: [frame.axis("sites")], index: sizes.sites - 1 };
  const each = [frame.axis("positions"), frame.axis("vocabulary")] as const;
  builder.constraint("margins", each, [
    term(1, [frame.on("logitMax")], onesOn(frame.axes("vocabulary"))),
    term(-1, [head, frame.on("normed")], [last]),
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
