/** A proven statement for people: the output by its name, the input as it was. */
import { encodeInput } from "../src/statement/encoding.ts";
import { decodeUtf8 } from "../src/statement/utf8.ts";
import type { Statement, VerifyingKey } from "../src/verify.ts";
import { SIDE } from "./digit-image.ts";
import { drawDigit } from "./digit-pad.ts";
import { element } from "./dom.ts";

const LANGUAGES = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

/** Names of languages whose ISO 639-3 code browsers do not name. */
const MORE_LANGUAGES: Readonly<Record<string, string>> = {
  cmn: "Chinese (Mandarin)",
  nob: "Norwegian Bokmål",
  pes: "Persian",
  ckb: "Central Kurdish",
  tgl: "Tagalog",
};

/** What an output's label stands for: the language of an ISO 639-3 code, else the label. */
export function outputName(label: string): string {
  return MORE_LANGUAGES[label] ?? (/^[a-z]{3}$/.test(label) ? (LANGUAGES.of(label) ?? label) : label);
}

/** "lande maps ... to French", as the verifier found it. */
export function statementView(key: VerifyingKey, statement: Statement): (Node | string)[] {
  const output = element("strong", { textContent: outputName(statement.output.label) });
  return [`${statement.modelName} maps `, inputView(key, statement), " to ", output];
}

/** The input of a statement: quoted text, or a picture of a tensor of 28 x 28, or its size. */
function inputView(key: VerifyingKey, statement: Statement): HTMLElement {
  if (key.input.kind === "ngrams") return element("span", { textContent: `“${decodeUtf8(statement.input)}”` });
  if (key.input.kind === "tokens") return element("span", { textContent: `a prompt of ${statement.tokens?.prompt.length} tokens` });
  if (key.input.kind === "embedding") return element("span", { textContent: `a text of ${statement.embedding?.tokens.length} tokens` });
  if (key.input.shape.reduce((n, s) => n * s, 1) !== SIDE * SIDE)
    return element("span", { textContent: `a tensor of shape [${key.input.shape}]` });
  const canvas = element("canvas", { width: SIDE, height: SIDE, className: "digit" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "the drawn digit");
  drawDigit(canvas, encodeInput(key.input, statement.input));
  return canvas;
}
