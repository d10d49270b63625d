/** A key and a statement of the small decoder for tests, in the form that the toys' tests know: honest or not, with few queries and no proof of work. */
import type { Backend } from "../backend/backend.ts";
import { type CompiledDecoder, compileDecoder } from "../model/transformer/compile.ts";
import type { TransformerProgram } from "../model/transformer/program.ts";
import { commitSystem } from "../prover/commit.ts";
import { type TokenStatement, tokenBytes } from "../statement/tokens.ts";
import { smallProgram } from "./decoder.ts";
import type { ToyCase } from "./toy-proof.ts";

export interface DecoderCase extends ToyCase {
  readonly compiled: CompiledDecoder;
  readonly statement: TokenStatement;
}

/** The case of a prompt continued by `count` tokens, on a system of `positions` positions, at 100 bits. */
export async function decoderCase(
  backend: Backend,
  prompt: readonly number[],
  count: number,
  positions: number,
  program: TransformerProgram = smallProgram(),
): Promise<DecoderCase> {
  const compiled = compileDecoder(program, positions);
  const description = {
    name: program.name,
    input: compiled.input,
    inputColumn: compiled.tokens,
    output: { labels: [] },
    outputColumn: compiled.next,
  };
  const { verifying, weights } = await commitSystem(compiled.built, description, backend);
  return stated({ toy: compiled, compiled, key: verifying, weights }, prompt, count);
}

/** The same key with another true statement. */
export function stated(
  made: Pick<DecoderCase, "toy" | "compiled" | "key" | "weights">,
  prompt: readonly number[],
  count: number,
): DecoderCase {
  const { statement, witness } = made.compiled.run(prompt, count);
  return { ...made, statement, input: tokenBytes(statement), output: count, witness: witness() };
}
