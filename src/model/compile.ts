/**
 * Integer program to constraint system (SPEC §4): one public input column, the nodes' columns and constraints, and the public scalar of the arg max.
 */
import { InternalError } from "../errors.ts";
import { operatorOf } from "../ops/index.ts";
import { type Value, valueOn } from "../ops/operator.ts";
import { type BuiltSystem, SystemBuilder } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";
import type { IntTensor } from "../tensor/tensor.ts";
import { type IntegerProgram, inputsOf, type RunResult, runProgram } from "./program.ts";
import { fillDerived } from "./witness.ts";

export interface CompiledProgram {
  readonly program: IntegerProgram;
  readonly built: BuiltSystem;
  /** The public columns. */
  readonly input: ColumnId;
  readonly output: ColumnId;
  /** The witness columns of every node, by the names that its operator gives them. */
  readonly columnsOf: readonly Readonly<Record<string, ColumnId>>[];
  /** Integer inference alone. @throws ModelError for an input that the program does not accept */
  run(input: IntTensor): RunResult;
  /** Inference, then the values of every witness and public column. */
  witness(input: IntTensor): { readonly result: RunResult; readonly columns: Map<ColumnId, Int32Array> };
}

/** Compiles a program. @throws ModelError naming a node that cannot be proven */
export function compileProgram(program: IntegerProgram): CompiledProgram {
  const builder = new SystemBuilder();
  const { name, shape, range, exponent } = program.input;
  const input = builder.publicColumn("input", shape, range);
  const axes = shape.map((size, d) => builder.axis(`${name} ${d}`, size));
  const values = new Map<string, Value>([
    [
      name,
      valueOn(
        input,
        axes,
        shape.map(() => 1),
        range,
        exponent,
      ),
    ],
  ]);
  const columnsOf: Readonly<Record<string, ColumnId>>[] = [];
  let output = input;
  for (const node of program.nodes) {
    const lowered = operatorOf(node).lower(builder, node, inputsOf(node, values));
    values.set(node.output, lowered.output);
    columnsOf.push(lowered.columns);
    output = lowered.output.column;
  }
  const built = builder.build();
  return {
    program,
    built,
    input,
    output,
    columnsOf,
    run: (x) => runProgram(program, x),
    witness(x) {
      const result = runProgram(program, x);
      const columns = new Map<ColumnId, Int32Array>([
        [input, x.data],
        [output, Int32Array.of(result.classIndex)],
      ]);
      for (const [k, trace] of result.traces.entries()) {
        const filled = trace.witness();
        for (const [key, column] of Object.entries(columnsOf[k] ?? {})) {
          const cells = filled[key];
          if (!cells) throw new InternalError(`node ${program.nodes[k]?.name} does not fill its column ${key}`);
          columns.set(column, cells);
        }
      }
      fillDerived(built, columns);
      return { result, columns };
    },
  };
}
