/**
 * SentencePiece byte-pair encoding, as GGUF files of LLaMA models carry it: pieces with scores, of which adjacent ones are merged, the best score first and the
 * leftmost among equals. Characters without a piece become byte pieces. White space is written as U+2581, and a text is given one at its beginning.
 */
import { ModelError } from "../../errors.ts";
import { decodeUtf8, encodeUtf8 } from "../../statement/utf8.ts";
import { type GgufFile, listOf, numberOf } from "../gguf/read.ts";
import type { Tokenizer } from "./tokenizer.ts";

const SPACE = "\u2581";
/** Kinds of pieces in the file. */
const [CONTROL, BYTE] = [3, 6];

/** The tokenizer inside a GGUF file. @throws ModelError if it is of another kind */
export function tokenizerOf(file: GgufFile): Tokenizer {
  const model = file.metadata.get("tokenizer.ggml.model");
  if (model !== "llama")
    throw new ModelError(`The GGUF file has a tokenizer of kind ${String(model)}, circlet knows "llama" (SentencePiece)`);
  const pieces = listOf(file, "tokenizer.ggml.tokens", "string");
  const scores = listOf(file, "tokenizer.ggml.scores", "number");
  const kinds = listOf(file, "tokenizer.ggml.token_type", "number");
  if (scores.length !== pieces.length || kinds.length !== pieces.length) throw new ModelError("The tokenizer's lists differ in length");
  return sentencePiece(pieces, scores, kinds, numberOf(file, "tokenizer.ggml.bos_token_id"), numberOf(file, "tokenizer.ggml.eos_token_id"));
}

/** A tokenizer from its lists: a score and a kind (3 control, 6 byte, others text) for every piece. */
export function sentencePiece(
  pieces: readonly string[],
  scores: readonly number[],
  kinds: readonly number[],
  begin: number,
  end: number,
): Tokenizer {
  const byText = new Map<string, number>();
  const byteToken = new Map<number, number>();
  const byteOf = new Map<number, number>();
  pieces.forEach((piece, token) => {
    if (kinds[token] === BYTE) {
      const value = Number.parseInt(piece.slice(1, -1), 16);
      byteToken.set(value, token);
      byteOf.set(token, value);
    } else if (kinds[token] !== CONTROL) byText.set(piece, token);
  });

  return {
    size: pieces.length,
    begin,
    end,
    first: begin,
    encode(text) {
      const symbols = text === "" ? [] : [...(SPACE + text.replaceAll(" ", SPACE))];
      mergeBest(symbols, byText, scores);
      const bytes = (symbol: string) =>
        [...encodeUtf8(symbol)].map((b) => byteToken.get(b) ?? refuse(`The tokenizer has no piece for byte ${b}`));
      return [begin, ...symbols.flatMap((symbol) => byText.get(symbol) ?? bytes(symbol))];
    },
    decode(tokens) {
      const bytes: number[] = [];
      tokens.forEach((token) => {
        const piece = pieces[token];
        if (piece === undefined) throw new RangeError(`There is no token ${token}: the vocabulary has ${pieces.length}`);
        const byte = byteOf.get(token);
        if (byte !== undefined) bytes.push(byte);
        else if (kinds[token] !== CONTROL) bytes.push(...encodeUtf8(piece.replaceAll(SPACE, " ")));
      });
      const text = leniently(Uint8Array.from(bytes));
      return tokens[0] === begin && text.startsWith(" ") ? text.slice(1) : text;
    },
  };
}

/** Merges neighbours in place until no two make a piece. */
function mergeBest(symbols: string[], byText: ReadonlyMap<string, number>, scores: readonly number[]): void {
  for (;;) {
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const token = byText.get(`${symbols[i]}${symbols[i + 1]}`);
      const score = token === undefined ? Number.NEGATIVE_INFINITY : (scores[token] ?? Number.NEGATIVE_INFINITY);
      if (score > bestScore) [best, bestScore] = [i, score];
    }
    if (best < 0) return;
    symbols.splice(best, 2, `${symbols[best]}${symbols[best + 1]}`);
  }
}

/** The text of bytes, with U+FFFD for each byte that is not part of a character. */
function leniently(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    try {
      text += decodeUtf8(bytes.subarray(i, i + length));
      i += length;
    } catch {
      text += "\ufffd";
      i++;
    }
  }
  return text;
}

function refuse(message: string): never {
  throw new RangeError(message);
}
