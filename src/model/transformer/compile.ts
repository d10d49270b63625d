/** A transformer with its constraint system: from tokens to the columns of a proof. */
import type { StatementForm } from "../../statement/columns.ts";
import type { EmbeddingEncoding, EmbeddingStatement } from "../../statement/embedding.ts";
import { type TokenEncoding, type TokenStatement, tokenColumns } from "../../statement/tokens.ts";
import type { BuiltSystem } from "../../system/builder.ts";
import type { ColumnId } from "../../system/types.ts";
import { fillDerived } from "../witness.ts";
import { largest } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import { transformerTables } from "./integer-run.ts";
import { type Trace, type TraceName, traceNames } from "./layout.ts";
import { embeddingLimit, type LoweredTransformer, lowerTransformer } from "./lower.ts";
import type { TransformerProgram } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** A run that can be made a witness. */
export interface Run<S> {
  readonly statement: S;
  /** The values of every witness and public column. @throws ModelError if a value leaves its bits */
  witness(): Map<ColumnId, Int32Array>;
}

export type DecoderRun = Run<TokenStatement>;

/** What decoders and encoders have in common. */
interface Compiled {
  readonly program: TransformerProgram;
  readonly built: BuiltSystem;
  /** The public column of the tokens. */
  readonly tokens: ColumnId;
  /** The column of every value of the trace. */
  readonly columns: Readonly<Record<TraceName, ColumnId>>;
  readonly scores: ScoreTable;
}

export interface CompiledDecoder extends Compiled {
  readonly input: TokenEncoding;
  /** The public column of the tokens that follow. */
  readonly next: ColumnId;
  /** The greedy continuation by `count` tokens. @throws RangeError if there is no room for it @throws ModelError if a value leaves its bits */
  run(prompt: readonly number[], count: number): DecoderRun;
  /** Given tokens. The witness throws a ModelError where one that counts as generated is not the arg max. @throws RangeError if there is no room for them */
  follow(statement: TokenStatement): DecoderRun;
}

export interface CompiledEncoder extends Compiled {
  readonly input: EmbeddingEncoding;
  readonly embedding: ColumnId;
  /** The embedding of a text. @throws RangeError if there is no room for it @throws ModelError if a value leaves its bits */
  run(tokens: readonly number[]): Run<EmbeddingStatement>;
}

/** @throws RangeError unless a prompt and `count` tokens more are a statement for so many positions */
export function checkTokens({ vocabulary, positions }: TokenEncoding, prompt: readonly number[], count: number): void {
  if (prompt.length < 1 || count < 1) throw new RangeError("A decoder continues a prompt of at least one token by at least one");
  if (prompt.length + count > positions + 1)
    throw new RangeError(`${prompt.length} tokens and ${count} more do not fit, there is room for ${positions + 1}`);
  checkVocabulary(vocabulary, prompt);
}

/** @throws RangeError unless a text is a statement for so many positions */
export function checkText({ vocabulary, positions }: EmbeddingEncoding, text: readonly number[]): void {
  if (text.length < 1 || text.length > positions)
    throw new RangeError(`A text of ${text.length} tokens does not fit, there is room for ${positions}`);
  checkVocabulary(vocabulary, text);
}

function checkVocabulary(vocabulary: number, tokens: readonly number[]): void {
  for (const token of tokens)
    if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) throw new RangeError(`There is no token ${token}`);
}

/** The system of a decoder for up to `positions` + 1 tokens. @throws ModelError if it cannot be proven */
export function compileDecoder(program: TransformerProgram, positions: number): CompiledDecoder {
  const lowered = lowerTransformer(program, positions);
  const { built, columns, tokens, output: next } = lowered;
  const input: TokenEncoding = { kind: "tokens", vocabulary: program.config.vocabulary, positions };
  const tables = transformerTables(program, positions);
  const runOf = (decoder: IntegerTransformer, logits: Int32Array[], statement: TokenStatement): DecoderRun => ({
    statement,
    witness() {
      const cells = tokenColumns(input, statement);
      logits.push(...decoder.read([...cells.tokens.subarray(logits.length)]));
      const trace = decoder.finish([...cells.next], logits);
      return filled(lowered, program, trace, [
        [tokens, cells.tokens],
        [next, cells.next],
      ]);
    },
  });
  const run = (prompt: readonly number[], count: number): DecoderRun => {
    checkTokens(input, prompt, count);
    const decoder = new IntegerTransformer(program, positions, tables);
    const logits = decoder.read(prompt);
    const generated = [largest(logits.at(-1)!)];
    while (generated.length < count) {
      logits.push(decoder.step(generated.at(-1)!));
      generated.push(largest(logits.at(-1)!));
    }
    return runOf(decoder, logits, { prompt, generated });
  };
  const follow = (statement: TokenStatement): DecoderRun => {
    checkTokens(input, statement.prompt, statement.generated.length);
    checkTokens(input, statement.generated, 1);
    return runOf(new IntegerTransformer(program, positions, tables), [], statement);
  };
  return { program, built, input, tokens, next, columns, scores: tables.scores, run, follow };
}

/** What is said of an encoder's statements: texts of up to `positions` tokens, marked in column `presentColumn`, and their embeddings. */
function embeddingForm({ config, final }: TransformerProgram, positions: number, presentColumn: ColumnId): EmbeddingEncoding {
  const { vocabulary, width } = config;
  return {
    kind: "embedding",
    vocabulary,
    positions,
    width,
    limit: embeddingLimit(positions),
    exponent: final?.exponent ?? 0,
    presentColumn,
  };
}

/** What a key for so many positions says of its statements, given its system. */
export function formOf(program: TransformerProgram, positions: number, { tokens, output, present }: LoweredTransformer): StatementForm {
  const { vocabulary } = program.config;
  const input: TokenEncoding | EmbeddingEncoding =
    present === null ? { kind: "tokens", vocabulary, positions } : embeddingForm(program, positions, present);
  return { input, inputColumn: tokens, output: { labels: [] }, outputColumn: output };
}

/** The system of an encoder for texts of up to `positions` tokens. @throws ModelError if it cannot be proven */
export function compileEncoder(program: TransformerProgram, positions: number): CompiledEncoder {
  const lowered = lowerTransformer(program, positions);
  const { built, columns, tokens, output: embedding, present } = lowered;
  const input = embeddingForm(program, positions, present ?? -1);
  const tables = transformerTables(program, positions);
  const run = (text: readonly number[]): Run<EmbeddingStatement> => {
    checkText(input, text);
    const encoder = new IntegerTransformer(program, positions, tables);
    const read = Int32Array.from({ length: positions }, (_, i) => text[i % text.length]!);
    const rows = encoder.read([...read], text.length);
    const cells = sumOf(rows.slice(0, text.length), program.config.width);
    return {
      statement: { tokens: text, cells },
      witness: () =>
        filled(lowered, program, encoder.finish(), [
          [tokens, read],
          [embedding, cells],
          [input.presentColumn, read.map((_, i) => (i < text.length ? 1 : 0))],
        ]),
    };
  };
  return { program, built, input, tokens, embedding, columns, scores: tables.scores, run };
}

/** The embedding of a text without a system: the sum of the final values of its tokens. @throws ModelError if a value leaves its bits */
export function embed(program: TransformerProgram, text: readonly number[]): EmbeddingStatement {
  const rows = new IntegerTransformer(program, text.length).read(text);
  return { tokens: text, cells: sumOf(rows, program.config.width) };
}

/** The sum of rows. */
export function sumOf(rows: readonly Int32Array[], width: number): Int32Array {
  const sums = new Int32Array(width);
  for (const row of rows) row.forEach((v, c) => (sums[c] = sums[c]! + v));
  return sums;
}

/** All witness and public columns. */
export function filled(
  { built, columns }: LoweredTransformer,
  program: TransformerProgram,
  trace: Trace,
  known: readonly (readonly [ColumnId, Int32Array])[],
): Map<ColumnId, Int32Array> {
  const values = new Map<ColumnId, Int32Array>(known);
  for (const name of traceNames(program.config)) values.set(columns[name], trace[name]);
  fillDerived(built, values);
  return values;
}
