/** A key and a statement of a small encoder for tests, in the form that the toys' tests know. */
import type { Backend, Column, Session } from "../backend/backend.ts";
import { type CompiledEncoder, compileEncoder } from "../model/transformer/compile.ts";
import { computeEncoder } from "../model/transformer/device.ts";
import type { TransformerProgram } from "../model/transformer/program.ts";
import { commitSystem } from "../prover/commit.ts";
import { type Computed, proveSystem } from "../prover/prove.ts";
import { type EmbeddingStatement, embeddingBytes } from "../statement/embedding.ts";
import type { ColumnId } from "../system/types.ts";
import type { ToyCase } from "./toy-proof.ts";

export interface EncoderCase extends ToyCase {
  readonly compiled: CompiledEncoder;
  readonly statement: EmbeddingStatement;
}

/** The case of a text on a system of `positions` positions, at 100 bits. */
export async function encoderCase(
  backend: Backend,
  program: TransformerProgram,
  text: readonly number[],
  positions: number,
): Promise<EncoderCase> {
  const compiled = compileEncoder(program, positions);
  const description = {
    name: program.name,
    input: compiled.input,
    inputColumn: compiled.tokens,
    output: { labels: [] },
    outputColumn: compiled.embedding,
  };
  const { verifying, weights } = await commitSystem(compiled.built, description, backend);
  const { statement, witness } = compiled.run(text);
  return {
    toy: compiled,
    compiled,
    key: verifying,
    weights,
    statement,
    input: embeddingBytes(statement),
    output: text.length,
    witness: witness(),
  };
}

/** A proof whose witness is made on the backend's device. */
export function proveOnDevice({ key, weights, compiled, statement }: EncoderCase, backend: Backend): Promise<Uint8Array> {
  const compute = async (session: Session, column: (id: ColumnId) => Column): Promise<Computed> => {
    const run = await computeEncoder(compiled, statement.tokens, session, column);
    return { input: embeddingBytes(run.statement), output: run.statement.tokens.length, columns: run.columns };
  };
  return proveSystem(key, weights, { compute }, { backend });
}
