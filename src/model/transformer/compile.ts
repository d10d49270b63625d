/** A decoder with its constraint system: from tokens to the columns of a proof. */
import { InternalError } from "../../errors.ts";
import type { TokenEncoding, TokenStatement } from "../../statement/tokens.ts";
import { tokenColumns } from "../../statement/tokens.ts";
import type { BuiltSystem } from "../../system/builder.ts";
import type { ColumnId } from "../../system/types.ts";
import { fillDerived } from "../witness.ts";
import { continueGreedily } from "./float.ts";
import { IntegerDecoder } from "./integer.ts";
import { TRACE_NAMES, type Trace } from "./layout.ts";
import { lowerDecoder } from "./lower.ts";
import type { TransformerProgram } from "./program.ts";

export interface CompiledDecoder {
  readonly program: TransformerProgram;
  readonly built: BuiltSystem;
  readonly input: TokenEncoding;
  /** The public columns. */
  readonly tokens: ColumnId;
  readonly next: ColumnId;
  /** The greedy continuation. @throws RangeError if there is no room for it */
  generate(prompt: readonly number[], count: number): TokenStatement;
  /** The values of every witness and public column. @throws ModelError if the statement is not true or a value leaves its bits */
  witness(statement: TokenStatement): Map<ColumnId, Int32Array>;
}

/** The system of a decoder for up to `positions` + 1 tokens. @throws ModelError if it cannot be proven */
export function compileDecoder(program: TransformerProgram, positions: number): CompiledDecoder {
  const { built, columns, tokens, next } = lowerDecoder(program, positions);
  const input: TokenEncoding = { kind: "tokens", vocabulary: program.config.vocabulary, positions };
  return {
    program,
    built,
    input,
    tokens,
    next,
    generate(prompt, count) {
      if (prompt.length + count > positions + 1)
        throw new RangeError(`${prompt.length} tokens and ${count} more do not fit, there is room for ${positions + 1}`);
      const decoder = new IntegerDecoder(program, positions);
      const all = continueGreedily((token) => decoder.step(token), prompt, count);
      return { prompt, generated: all.slice(prompt.length) };
    },
    witness(statement) {
      const cells = tokenColumns(input, statement);
      const trace = traceOf(program, cells.tokens, cells.next);
      const filled = new Map<ColumnId, Int32Array>([
        [tokens, cells.tokens],
        [next, cells.next],
      ]);
      for (const name of TRACE_NAMES) filled.set(columns[name], trace[name]);
      fillDerived(built, filled);
      return filled;
    },
  };
}

/** The run over all positions. */
function traceOf(program: TransformerProgram, tokens: Int32Array, next: Int32Array): Trace {
  const decoder = new IntegerDecoder(program, tokens.length);
  const logits = Array.from(tokens, (token) => decoder.step(token));
  if (logits.length === 0) throw new InternalError("a decoder without positions");
  return decoder.finish([...next], logits);
}
