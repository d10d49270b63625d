/**
 * Whole runs of other decoders, each consistent in itself to its last limb, claimed to be runs of the committed one: what a proof is about is exactly that
 * model's weights, positions and tables.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { tokenBytes, tokenColumns } from "../../statement/tokens.ts";
import { SMALL } from "../../testing/decoder.ts";
import { type DecoderCase, decoderCase } from "../../testing/decoder-proof.ts";
import { cheatingWitness } from "../../testing/malicious.ts";
import { prove, withoutWork } from "../../testing/toy-proof.ts";
import { rejectionOf } from "../../testing/walker.ts";
import { largest } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import { type TransformerTables, transformerTables } from "./integer-run.ts";
import { traceNames } from "./layout.ts";
import { type IntegerMatrix, type TransformerProgram, upOf } from "./program.ts";

const PROMPT = [1, 8, 15];
const COUNT = 3;
const POSITIONS = 6;

let backend: Backend;
let made: DecoderCase;
beforeAll(async () => {
  backend = await cpuBackend();
  const full = await decoderCase(backend, PROMPT, COUNT, POSITIONS);
  made = { ...full, ...(await withoutWork(full)) };
});
afterAll(() => backend.close());

/** The whole run of another decoder: consistent in itself, with the tokens that it prefers. */
const foreign = async (program: TransformerProgram, tables: Partial<TransformerTables> = {}) => {
  const decoder = new IntegerTransformer(program, POSITIONS, { ...transformerTables(program, POSITIONS), ...tables });
  const tokens = [...PROMPT];
  const logits: Int32Array[] = [];
  const statement = () => ({ prompt: PROMPT, generated: tokens.slice(PROMPT.length) });
  while (tokens.length < PROMPT.length + COUNT) {
    logits.push(decoder.step(tokens[logits.length]!));
    if (logits.length >= PROMPT.length) tokens.push(largest(logits.at(-1)!));
  }
  const cells = tokenColumns(made.compiled.input, statement());
  while (logits.length < POSITIONS) logits.push(decoder.step(cells.tokens[logits.length]!));
  const trace = decoder.finish([...cells.next], logits);
  const changes = Object.fromEntries(traceNames(SMALL).map((name) => [name, () => [...trace[name]]]));
  const deviation = { witness: cheatingWitness(made, changes), input: tokenBytes(statement()), backend };
  return rejectionOf(made.key, await prove(made, deviation));
};
const honestProgram = () => ({ ...made.compiled.program, up: upOf(made.compiled.program) });
const bumped = (values: Int32Array) => values.with(5, values[5]! + 1);

test("a run of the model itself, told as another's would be, is accepted", async () => {
  expect(await foreign(honestProgram())).toBeNull();
});

describe("rejected is", () => {
  test.each(["query", "key", "value", "output", "gate", "up", "down"] as const)("a run under another %s weight", async (name) => {
    const program = honestProgram();
    expect(await foreign({ ...program, [name]: { ...program[name], weight: bumped(program[name].weight) } })).toBe("constraint/final");
  });

  test("a run under another head or epsilon, or with other embeddings", async () => {
    const program = honestProgram();
    expect(await foreign({ ...program, head: bumped(program.head) })).toBe("constraint/final");
    expect(await foreign({ ...program, epsilons: program.epsilons.map((e) => e + 1) })).toBe("constraint/final");
    const { width } = SMALL;
    const shifted = program.embedding.map((_, k, all) => all[(k + width) % all.length]!);
    expect(await foreign({ ...program, embedding: shifted })).toBe("constraint/final");
  });

  test("a run in which two layers are exchanged", async () => {
    const program = honestProgram();
    const exchangedLayers = (matrix: IntegerMatrix): IntegerMatrix => {
      const layer = matrix.outputs * matrix.inputs;
      return { ...matrix, weight: matrix.weight.map((_, k, all) => all[k < layer ? k + layer : k < 2 * layer ? k - layer : k]!) };
    };
    const names = ["query", "key", "value", "output", "gate", "up", "down"] as const;
    const other = Object.fromEntries(names.map((name) => [name, exchangedLayers(program[name])]));
    expect(await foreign({ ...program, ...other })).toBe("constraint/final");
  });

  test("a run in which positions are one further", async () => {
    const { rotation } = transformerTables(honestProgram(), POSITIONS + 1);
    expect(await foreign(honestProgram(), { rotation: rotation.slice(rotation.length / (POSITIONS + 1)) })).toBe("constraint/final");
  });

  test("a run under another activation or exponential function", async () => {
    const { activation, scores } = transformerTables(honestProgram(), POSITIONS);
    expect(await foreign(honestProgram(), { activation: activation.map((v) => v + 1) })).toBe("lookup/root");
    expect(await foreign(honestProgram(), { scores: { ...scores, exp: scores.exp.map((e) => Math.max(1, e - 1)) } })).toBe("lookup/root");
  });
});
