/** The public columns of a statement (SPEC §10.3): which a key has to have, and what a proof's raw input and output put into them. */
import { readEmbedding } from "./embedding.ts";
import { encodeInput, type InputEncoding, inputRange, inputShape, type OutputDecoding } from "./encoding.ts";
import { readTokens, tokenColumns } from "./tokens.ts";

/** What a key says of its statements. */
export interface StatementForm {
  readonly input: InputEncoding;
  readonly inputColumn: number;
  readonly output: OutputDecoding;
  readonly outputColumn: number;
}

export interface PublicColumn {
  readonly id: number;
  readonly shape: readonly number[];
  readonly range: readonly [number, number];
}

/** All public columns that a key must have, the input's first. */
export function publicColumns({ input, inputColumn, output, outputColumn }: StatementForm): readonly PublicColumn[] {
  const first = { id: inputColumn, shape: inputShape(input), range: inputRange(input) };
  if (input.kind === "tokens") return [first, { id: outputColumn, shape: [input.positions], range: [0, input.vocabulary] }];
  if (input.kind === "embedding")
    return [
      first,
      { id: outputColumn, shape: [input.width], range: [-input.limit, input.limit] },
      { id: input.presentColumn, shape: [input.positions], range: [0, 1] },
    ];
  return [first, { id: outputColumn, shape: [], range: [0, output.labels.length - 1] }];
}

/** The cells of all public columns. @throws RangeError if the model cannot have been given the raw input, or has no such output */
export function publicCells(form: StatementForm, raw: Uint8Array, output: number): ReadonlyMap<number, Int32Array> {
  const { input, inputColumn, outputColumn } = form;
  if (input.kind === "tokens") {
    const { tokens, next } = tokenColumns(input, readTokens(input, raw, output));
    return new Map([
      [inputColumn, tokens],
      [outputColumn, next],
    ]);
  }
  if (input.kind === "embedding") {
    const { tokens, cells } = readEmbedding(input, raw, output);
    return new Map([
      [inputColumn, Int32Array.from({ length: input.positions }, (_, i) => tokens[i % tokens.length] ?? 0)],
      [outputColumn, cells],
      [input.presentColumn, Int32Array.from({ length: input.positions }, (_, i) => (i < tokens.length ? 1 : 0))],
    ]);
  }
  return new Map([
    [inputColumn, encodeInput(input, raw)],
    [outputColumn, Int32Array.of(output)],
  ]);
}
