/** A decoder with its constraint system: from tokens to the columns of a proof. */
import { type TokenEncoding, type TokenStatement, tokenColumns } from "../../statement/tokens.ts";
import type { BuiltSystem } from "../../system/builder.ts";
import type { ColumnId } from "../../system/types.ts";
import { fillDerived } from "../witness.ts";
import { largest } from "./float.ts";
import { decoderTables, IntegerDecoder } from "./integer.ts";
import { TRACE_NAMES, type TraceName } from "./layout.ts";
import { lowerDecoder } from "./lower.ts";
import type { TransformerProgram } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** A run of a decoder that can be made a witness. */
export interface DecoderRun {
  readonly statement: TokenStatement;
  /** The values of every witness and public column. @throws ModelError if a value leaves its bits */
  witness(): Map<ColumnId, Int32Array>;
}

export interface CompiledDecoder {
  readonly program: TransformerProgram;
  readonly built: BuiltSystem;
  readonly input: TokenEncoding;
  /** The public columns. */
  readonly tokens: ColumnId;
  readonly next: ColumnId;
  /** The column of every value of the trace. */
  readonly columns: Readonly<Record<TraceName, ColumnId>>;
  readonly scores: ScoreTable;
  /** The greedy continuation by `count` tokens. @throws RangeError if there is no room for it @throws ModelError if a value leaves its bits */
  run(prompt: readonly number[], count: number): DecoderRun;
  /** Given tokens. The witness throws a ModelError where one that counts as generated is not the arg max. @throws RangeError if there is no room for them */
  follow(statement: TokenStatement): DecoderRun;
}

/** @throws RangeError unless a prompt and `count` tokens more are a statement for so many positions */
export function checkTokens({ vocabulary, positions }: TokenEncoding, prompt: readonly number[], count: number): void {
  if (prompt.length < 1 || count < 1) throw new RangeError("A decoder continues a prompt of at least one token by at least one");
  if (prompt.length + count > positions + 1)
    throw new RangeError(`${prompt.length} tokens and ${count} more do not fit, there is room for ${positions + 1}`);
  for (const token of prompt)
    if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) throw new RangeError(`There is no token ${token}`);
}

/** The system of a decoder for up to `positions` + 1 tokens. @throws ModelError if it cannot be proven */
export function compileDecoder(program: TransformerProgram, positions: number): CompiledDecoder {
  const { built, columns, tokens, next } = lowerDecoder(program, positions);
  const input: TokenEncoding = { kind: "tokens", vocabulary: program.config.vocabulary, positions };
  const tables = decoderTables(program, positions);
  const runOf = (decoder: IntegerDecoder, logits: Int32Array[], statement: TokenStatement): DecoderRun => ({
    statement,
    witness() {
      const cells = tokenColumns(input, statement);
      while (logits.length < positions) logits.push(decoder.step(cells.tokens[logits.length]!));
      const trace = decoder.finish([...cells.next], logits);
      const filled = new Map<ColumnId, Int32Array>([
        [tokens, cells.tokens],
        [next, cells.next],
      ]);
      for (const name of TRACE_NAMES) filled.set(columns[name], trace[name]);
      fillDerived(built, filled);
      return filled;
    },
  });
  const run = (prompt: readonly number[], count: number): DecoderRun => {
    checkTokens(input, prompt, count);
    const decoder = new IntegerDecoder(program, positions, tables);
    const logits: Int32Array[] = [];
    const all = [...prompt];
    while (all.length < prompt.length + count) {
      logits.push(decoder.step(all[logits.length]!));
      if (logits.length >= prompt.length) all.push(largest(logits.at(-1)!));
    }
    return runOf(decoder, logits, { prompt, generated: all.slice(prompt.length) });
  };
  const follow = (statement: TokenStatement): DecoderRun => {
    checkTokens(input, statement.prompt, statement.generated.length);
    checkTokens(input, statement.generated, 1);
    return runOf(new IntegerDecoder(program, positions, tables), [], statement);
  };
  return { program, built, input, tokens, next, columns, scores: tables.scores, run, follow };
}
