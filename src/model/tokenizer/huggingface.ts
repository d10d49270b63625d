/** Tokenizers as Hugging Face's folders have them: tokenizer.json and tokenizer_config.json, run by @huggingface/tokenizers. */
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { ModelError } from "../../errors.ts";
import { isRecord, type JsonRecord } from "../huggingface/json.ts";
import { runnable, UNKNOWN } from "./components.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * A tokenizer from the contents of its two files. Truncation and padding are ignored: they are for batches. Decoding never cleans up spaces: it gives the text that
 * the tokens say. @throws ModelError naming what circlet does not know
 */
export function huggingFaceTokenizer(file: JsonRecord, config: JsonRecord): Tokenizer {
  const library = made(runnable(file), { ...config, clean_up_tokenization_spaces: false });
  const size = 1 + [...library.get_vocab().values()].reduce((a, b) => Math.max(a, b), -1);
  const special = (name: string): number | undefined => {
    const value = config[name];
    const content = isRecord(value) ? value.content : value;
    return typeof content === "string" ? library.token_to_id(content) : undefined;
  };
  const encode = (text: string): number[] => {
    if (/\p{Surrogate}/u.test(text)) throw new RangeError("The text has a lone surrogate");
    const { ids, tokens } = library.encode(text);
    ids.forEach((id, i) => {
      if (id === undefined || tokens[i] === UNKNOWN) throw new RangeError("The tokenizer has no piece for a character of the text");
    });
    return ids;
  };
  const [begin] = encode("");
  const end = special("eos_token");
  return {
    size,
    ...(begin !== undefined && { begin }),
    ...(end !== undefined && { end }),
    first: begin ?? special("bos_token") ?? end ?? 0,
    encode,
    decode(tokens) {
      for (const token of tokens)
        if (library.id_to_token(token) === undefined) throw new RangeError(`There is no token ${token}: the vocabulary has ${size}`);
      return tokens.length === 0 ? "" : library.decode([...tokens], { skip_special_tokens: true });
    },
  };
}

function made(file: JsonRecord, config: JsonRecord): Library {
  try {
    return new Library(file, config);
  } catch (error) {
    throw new ModelError(`The tokenizer cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}
