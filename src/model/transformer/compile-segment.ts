/** A segment with its constraint system: from the states that the one before it ended with to the columns of its proof. */
import { ModelError } from "../../errors.ts";
import { publicCells, type StatementForm } from "../../statement/columns.ts";
import type { ColumnId } from "../../system/types.ts";
import { filled, formOf, sumOf } from "./compile.ts";
import { IntegerTransformer } from "./integer.ts";
import { type TransformerTables, transformerTables } from "./integer-run.ts";
import { type LoweredTransformer, lowerTransformer } from "./lower.ts";
import type { TransformerProgram } from "./program.ts";
import type { ScoreTable } from "./scores.ts";

/** A statement as its raw input and output (SPEC §10.3). */
export interface RawStatement {
  readonly input: Uint8Array;
  readonly output: number;
}

export interface SegmentRun {
  /** The state [width] at every position that the segment ends with; null of the last one. */
  readonly outgoing: readonly Int32Array[] | null;
  /** The values of all columns but weights. @throws ModelError if the model prefers another token than one that counts as generated */
  witness(): Map<ColumnId, Int32Array>;
}

export interface CompiledSegment extends LoweredTransformer {
  readonly program: TransformerProgram;
  readonly form: StatementForm;
  readonly scores: ScoreTable;
  /** All positions of a statement, from the states on that the segment before it ended with: null for the first. @throws ModelError if a value leaves its bits */
  run(statement: RawStatement, incoming: readonly Int32Array[] | null): SegmentRun;
}

/** The system of a group of layers over `positions` positions. @throws ModelError if it cannot be proven */
export function compileSegment(
  program: TransformerProgram,
  positions: number,
  tables: TransformerTables = transformerTables(program, positions),
): CompiledSegment {
  const lowered = lowerTransformer(program, positions);
  const form = formOf(program, positions, lowered);
  const run: CompiledSegment["run"] = ({ input, output }, incoming) => {
    const cells = publicCells(form, input, output);
    const transformer = new IntegerTransformer(program, positions, tables);
    const present = form.input.kind === "embedding" ? output : positions;
    const tokens = [...(cells.get(lowered.tokens) ?? [])];
    const rows = incoming === null ? transformer.read(tokens, present) : transformer.readStates(incoming, present);
    const outgoing = lowered.outgoing === null ? null : rows;
    return {
      outgoing,
      witness() {
        if (outgoing === null && form.input.kind === "embedding")
          checkEmbedding(program, rows.slice(0, present), cells.get(lowered.output));
        const isArgMax = outgoing === null && form.input.kind === "tokens";
        const trace = isArgMax ? transformer.finish([...(cells.get(lowered.output) ?? [])], rows) : transformer.finish();
        const known = new Map(cells);
        if (lowered.incoming !== null) known.set(lowered.incoming, flat(incoming ?? []));
        if (lowered.outgoing !== null) known.set(lowered.outgoing, flat(rows));
        return filled(lowered, program, trace, [...known]);
      },
    };
  };
  return { ...lowered, program, form, scores: tables.scores, run };
}

/** @throws ModelError if an embedding is not the sum of the final values */
function checkEmbedding({ name, config }: TransformerProgram, rows: readonly Int32Array[], claimed: Int32Array | undefined): void {
  const sums = sumOf(rows, config.width);
  const wrong = sums.findIndex((v, c) => v !== claimed?.[c]);
  if (wrong >= 0) throw new ModelError(`${name} has ${sums[wrong]} in cell ${wrong} of the embedding, not ${claimed?.[wrong]}`);
}

/** [positions, width], row-major. */
function flat(rows: readonly Int32Array[]): Int32Array {
  const width = rows[0]?.length ?? 0;
  const cells = new Int32Array(rows.length * width);
  rows.forEach((row, i) => {
    cells.set(row, i * width);
  });
  return cells;
}
