/**
 * The harness of operator tests: a program of a few nodes and an arg max is compiled, run on an input, and its witness held against the system's definition; then
 * every witness column is tampered with, derived columns are made to fit as well as they can, and the system has to refuse.
 */
import type { Backend } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import { InternalError } from "../errors.ts";
import { type CompiledProgram, compileProgram } from "../model/compile.ts";
import type { IntegerProgram } from "../model/program.ts";
import { fillDerived } from "../model/witness.ts";
import type { IntegerNode } from "../ops/index.ts";
import type { NodeBase } from "../ops/operator.ts";
import { commitSystem } from "../prover/commit.ts";
import { proveSystem } from "../prover/prove.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { checkNoWrap } from "../system/bounds.ts";
import type { ColumnId } from "../system/types.ts";
import { type IntTensor, intTensor, sizeOf } from "../tensor/tensor.ts";
import { verify } from "../verifier/verify.ts";
import { firstViolation } from "./check-system.ts";

/** A program of these nodes on one input named "x"; the last value is flattened for the arg max. */
export function programOf(
  nodes: readonly IntegerNode[],
  shape: readonly number[],
  range: readonly [number, number],
  cells: number,
): IntegerProgram {
  const last = nodes.at(-1)?.output ?? "x";
  const score: IntegerNode = {
    kind: "matmul",
    name: "score",
    inputs: ["flat"],
    output: "scores",
    weight: intTensor(
      [2, cells],
      Int32Array.from({ length: 2 * cells }, (_, i) => (i % 5) - 2),
    ),
    bias: null,
    weightExponent: 0,
    rounding: { shift: 0, bits: 26, map: "none" },
  };
  return {
    name: "test",
    input: { name: "x", shape, exponent: 0, range },
    nodes: [
      ...nodes,
      { kind: "reshape", name: "flat", inputs: [last], output: "flat", shape: [cells] },
      score,
      { kind: "argmax", name: "argmax", inputs: ["scores"], output: "class" },
    ],
  };
}

/** A deterministic sequence of integers in [low, high]. */
export function integers(count: number, low: number, high: number, seed = 1): Int32Array {
  let state = seed >>> 0;
  return Int32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low + 1));
  });
}

/** A tensor of integers in [low, high], always the same for a seed. */
export function tensor(shape: readonly number[], low: number, high: number, seed: number): IntTensor {
  return intTensor(shape, integers(sizeOf(shape), low, high, seed));
}

/** Names of a node after its output. */
export function base(output: string, ...inputs: string[]): NodeBase {
  return { name: output, inputs, output };
}

/** floor((a + 2^(s-1)) / 2^s), in doubles. */
export function half(a: number, s: number): number {
  return Math.floor((a + (s > 0 ? 2 ** (s - 1) : 0)) / 2 ** s);
}

/**
 * Compiles nodes, checks the bound and the honest witness of an input.
 * @returns the compiled program and the value of the last node
 * @throws Error with the first violation
 */
export function checkNodes(
  nodes: readonly IntegerNode[],
  input: IntTensor,
  range: readonly [number, number],
  cells: number,
): { compiled: CompiledProgram; output: IntTensor } {
  const compiled = compileProgram(programOf(nodes, input.shape, range, cells));
  checkNoWrap(compiled.built.system, compiled.built.weights);
  const { result, columns } = compiled.witness(input);
  const violation = firstViolation(compiled.built, columns);
  if (violation) throw new Error(violation);
  const output = result.values.get(nodes.at(-1)?.output ?? "");
  if (!output || sizeOf(output.shape) !== cells) throw new Error(`the last node has shape [${output?.shape}]`);
  return { compiled, output };
}

/**
 * Changes single cells of every column that `run` fills, by each of `deltas`, fills limbs and multiplicities again, and lists the changes that the system admits.
 * @param cells how many cells of a column are tried
 */
export function admittedChanges(
  compiled: CompiledProgram,
  input: IntTensor,
  deltas: readonly number[],
  cells = 3,
): { admitted: string[]; tried: number } {
  const { built } = compiled;
  const derived = new Set([...built.limbs.map((l) => l.column), ...built.system.tables.map((t) => t.multiplicity)]);
  const { columns } = compiled.witness(input);
  const admitted: string[] = [];
  let tried = 0;
  for (const [id, spec] of built.system.columns.entries()) {
    if (spec.kind !== "witness" || derived.has(id)) continue;
    const honest = columns.get(id) ?? new Int32Array();
    for (const cell of integers(cells, 0, honest.length - 1, id + 1)) {
      for (const delta of deltas) {
        tried++;
        if (!refuses(compiled, new Map([...columns, [id, honest.map((v, i) => (i === cell ? v + delta : v))]])))
          admitted.push(`${spec.name}[${cell}] ${honest[cell]} + ${delta}`);
      }
    }
  }
  return { admitted, tried };
}

/** Whether a witness is refused once its derived columns are filled: by a table, or by the system's definition. */
export function refuses(compiled: CompiledProgram, columns: Map<ColumnId, Int32Array>): boolean {
  try {
    fillDerived(compiled.built, columns);
  } catch (error) {
    if (error instanceof InternalError && error.message.includes("not in the table")) return true;
    throw error;
  }
  return firstViolation(compiled.built, columns) !== null;
}

/** Commits to a compiled program, proves it for an input and verifies the proof. @throws VerifyError if the engine refuses its own proof */
export async function proveAndVerify(
  compiled: CompiledProgram,
  input: IntTensor,
  backend: Backend,
): Promise<{ readonly index: number; readonly expected: number }> {
  const { shape, exponent, range } = compiled.program.input;
  const { verifying, weights } = await commitSystem(
    compiled.built,
    {
      name: compiled.program.name,
      input: { kind: "tensor", shape, exponent, range },
      inputColumn: compiled.input,
      output: { labels: ["a", "b"] },
      outputColumn: compiled.output,
    },
    backend,
  );
  const { result, columns } = compiled.witness(input);
  const witness = (id: ColumnId) => toWords(columns.get(id) ?? new Int32Array());
  const proof = await proveSystem(verifying, weights, { input: tensorBytes(input.data), output: result.classIndex, witness }, { backend });
  return { index: verify(verifying, proof, { minBits: 100 }).output.index, expected: result.classIndex };
}
