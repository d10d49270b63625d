/** Texts for language models, from a file: to calibrate on and to measure accuracy on. */

import type { Tokenizer } from "../model/tokenizer/tokenizer.ts";
import { decodeUtf8 } from "../statement/utf8.ts";
import { UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";

/** The texts of a file in tokens: the whole file for a decoder, every line for an encoder. @throws UsageError (file, input) */
export async function textsOf(file: string, tokenizer: Tokenizer, isEncoder: boolean, most: number): Promise<number[][]> {
  const bytes = await readBytes(file, "samples");
  try {
    const text = decodeUtf8(bytes);
    const texts = isEncoder ? text.split(/\r?\n/).filter((line) => line.trim() !== "") : [text];
    const tokens = texts.map((part) => tokenizer.encode(part).slice(0, most)).filter((list) => list.length > 0);
    if (tokens.length === 0) throw new UsageError("input", `${file} has no text`);
    return tokens;
  } catch (error) {
    throw error instanceof RangeError || error instanceof SyntaxError
      ? new UsageError("input", `${file} cannot be read: ${error.message}`)
      : error;
  }
}
