/** An encoder's statement, for people and for programs. */
import type { LanguageModel } from "../model/transformer/load.ts";
import { type EmbeddingStatement, meanOf } from "../statement/embedding.ts";
import { printable } from "./output.ts";
import { decoded } from "./prompts.ts";

/** Cells that people are shown. */
const SHOWN = 6;

export function embeddingJson({ tokenizer, program }: LanguageModel, statement: EmbeddingStatement) {
  const exponent = program.final?.exponent ?? 0;
  return {
    input: { text: decoded(tokenizer, statement.tokens), tokens: statement.tokens },
    embedding: { sums: [...statement.cells], exponent, mean: [...meanOf({ exponent }, statement)] },
  };
}

export function embeddingText({ tokenizer, program }: LanguageModel, statement: EmbeddingStatement): (readonly [string, string])[] {
  const mean = meanOf({ exponent: program.final?.exponent ?? 0 }, statement);
  const first = [...mean.slice(0, SHOWN)].map((v) => v.toFixed(4)).join(", ");
  return [
    ["input", `${statement.tokens.length} tokens: ${printable(decoded(tokenizer, statement.tokens), 2000)}`],
    ["embedding", `${mean.length} cells, the mean over the tokens: ${first}, ... (all with --json)`],
  ];
}
