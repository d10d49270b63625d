/**
 * A transformer with its tokenizer, from a Hugging Face folder or a GGUF file.
 *
 * @example
 * const { name, transformer, tokenizer } = openTransformer(await findTransformer("HuggingFaceTB/SmolLM2-135M")); // node.ts
 * const inBrowser = openTransformer({ kind: "gguf", name: "mine", file: memorySource(bytes) });
 */
import { ModelError } from "../../errors.ts";
import { readGguf } from "../gguf/read.ts";
import { ggufTransformer } from "../gguf/transformer.ts";
import type { ByteSource } from "../source.ts";
import { ggufTokenizer } from "../tokenizer/gguf.ts";
import { huggingFaceTokenizer } from "../tokenizer/huggingface.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Transformer } from "../transformer/model.ts";
import { readFolder, readJson } from "./folder.ts";
import type { OpenFile } from "./weights.ts";

/** Where a model's files are. */
export type TransformerSource =
  | { readonly kind: "folder"; readonly name: string; readonly open: OpenFile }
  | { readonly kind: "gguf"; readonly name: string; readonly file: ByteSource };

export interface OpenTransformer {
  readonly name: string;
  /** Its weights are read from the source when they are asked for. */
  readonly transformer: Transformer;
  readonly tokenizer: Tokenizer;
}

/** Opens a model. @throws ModelError naming what circlet does not know @throws SyntaxError if a file is malformed */
export function openTransformer(source: TransformerSource): OpenTransformer {
  const { name } = source;
  const { transformer, tokenizer } = source.kind === "gguf" ? openGguf(source.file) : openFolder(source.open);
  if (tokenizer.size > transformer.config.vocabulary)
    throw new ModelError(`The tokenizer has ${tokenizer.size} tokens, the model ${transformer.config.vocabulary}`);
  return { name, transformer, tokenizer };
}

function openFolder(open: OpenFile) {
  const config = open("tokenizer_config.json") ? readJson(open, "tokenizer_config.json") : {};
  return { transformer: readFolder(open), tokenizer: huggingFaceTokenizer(readJson(open, "tokenizer.json"), config) };
}

function openGguf(source: ByteSource) {
  const file = readGguf(source);
  return { transformer: ggufTransformer(file), tokenizer: ggufTokenizer(file) };
}
