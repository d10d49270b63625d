/** A quantized network with exact integer semantics: what a proof is about. It runs on its own; compile.ts turns it into a constraint system. */
import { InternalError, ModelError } from "../errors.ts";
import { type IntegerNode, operatorOf } from "../ops/index.ts";
import type { Trace } from "../ops/operator.ts";
import { roundedExponent } from "../ops/requantize.ts";
import { type IntTensor, type Shape, sameShape } from "../tensor/tensor.ts";

export interface IntegerProgram {
  readonly name: string;
  readonly input: {
    readonly name: string;
    readonly shape: Shape;
    /** A cell v stands for v 2^-exponent. */
    readonly exponent: number;
    readonly range: readonly [number, number];
  };
  /** In an order in which they can run; the last one is the arg max. */
  readonly nodes: readonly IntegerNode[];
}

export interface RunResult {
  readonly classIndex: number;
  /** What the arg max was taken of. */
  readonly logits: IntTensor;
  /** The value of every node, by its output's name, and the input. */
  readonly values: ReadonlyMap<string, IntTensor>;
  /** The trace of every node, in order. */
  readonly traces: readonly Trace[];
  /** Cells that were cut to their range, over all nodes. */
  readonly saturations: number;
}

/** Runs the program. @throws ModelError if the input has another shape or leaves its range */
export function runProgram(program: IntegerProgram, input: IntTensor): RunResult {
  checkInput(program, input);
  const values = new Map([[program.input.name, input]]);
  const traces: Trace[] = [];
  for (const node of program.nodes) {
    const trace = operatorOf(node).run(node, inputsOf(node, values));
    values.set(node.output, trace.output);
    traces.push(trace);
  }
  const last = program.nodes.at(-1);
  const logits = values.get(last?.inputs[0] ?? "");
  const classIndex = values.get(last?.output ?? "")?.data[0];
  if (last?.kind !== "argmax" || !logits || classIndex === undefined)
    throw new InternalError(`program ${program.name} does not end in an arg max`);
  return { classIndex, logits, values, traces, saturations: traces.reduce((n, t) => n + (t.saturations ?? 0), 0) };
}

/** @throws ModelError if the input has another shape than the program's or leaves its range */
export function checkInput(program: IntegerProgram, input: IntTensor): void {
  const { shape, range } = program.input;
  if (!sameShape(input.shape, shape)) throw new ModelError(`The input has shape [${input.shape}], ${program.name} takes [${shape}]`);
  for (const v of input.data)
    if (v < range[0] || v > range[1])
      throw new ModelError(`The input has the value ${v}, ${program.name} takes ${range[0]} to ${range[1]}`);
}

/** The inputs of a node among the values made so far. @throws ModelError if one is missing */
export function inputsOf<T>(node: { readonly name: string; readonly inputs: readonly string[] }, values: ReadonlyMap<string, T>): T[] {
  return node.inputs.map((input) => {
    const value = values.get(input);
    if (value === undefined) throw new ModelError(`Node ${node.name} reads ${input}, which no node before it makes`);
    return value;
  });
}

/** The scale exponent of every value but the class: v stands for v 2^-exponent. */
export function exponentsOf(program: IntegerProgram): Map<string, number> {
  const exponents = new Map([[program.input.name, program.input.exponent]]);
  for (const node of program.nodes) {
    const [x = 0] = inputsOf(node, exponents);
    if (node.kind === "argmax") continue;
    const accumulator =
      node.kind === "matmul" || node.kind === "conv" ? x + node.weightExponent : node.kind === "add" ? x + node.scales[0] : x;
    exponents.set(node.output, "rounding" in node ? roundedExponent(node.rounding, accumulator) : accumulator);
  }
  return exponents;
}
