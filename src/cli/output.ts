/** How results are printed: one JSON object, or aligned lines for people. */
import type { DeviceCounters } from "../backend/backend.ts";
import type { InputEncoding } from "../statement/encoding.ts";
import { inputShape } from "../statement/encoding.ts";
import { decodeUtf8 } from "../statement/utf8.ts";
import type { Io } from "./io.ts";

export type Row = readonly [label: string, value: string];

/** Prints a result: `json` as one object, or the lines. */
export function print(io: Io, options: { readonly json?: boolean }, json: object, lines: () => string): void {
  io.stdout.write(`${options.json ? JSON.stringify(json, null, 2) : lines()}\n`);
}

/** "label   value" lines with the values under each other. */
export function aligned(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.map(([label, value]) => `${label.padEnd(width)}${value}`.trimEnd()).join("\n");
}

/** Columns under headings; the first is flush left, the others flush right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, c) => Math.max(...all.map((row) => (row[c] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** 1234 -> "1.2 KiB". */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

/** "0.12 s". */
export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** What was asked of a device, on one line. */
export function deviceText(counts: DeviceCounters): string {
  const { submissions, dispatches, readBacks, bytesUp, bytesDown } = counts;
  return `${submissions} submissions, ${dispatches} dispatches, ${readBacks} read-backs, ${size(bytesUp)} up, ${size(bytesDown)} down`;
}

/** Text of unknown origin for a terminal: control characters and overrides of its direction as escapes (joiners belong to Persian and Hindi), and at most `most` characters. */
export function printable(text: string, most = 200): string {
  const short = text.length > most ? `${text.slice(0, most)}... (${text.length} characters)` : text;
  return short.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The raw input of a statement, for --json. */
export function inputJson(
  encoding: InputEncoding,
  raw: Uint8Array,
):
  | { readonly text: string }
  | { readonly tokens: readonly number[]; readonly embedding?: { readonly sums: readonly number[]; readonly exponent: number } }
  | { readonly shape: readonly number[]; readonly cells: readonly number[] } {
  if (encoding.kind === "ngrams") return { text: decodeUtf8(raw) };
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const cells = Array.from({ length: raw.length / 4 }, (_, i) => view.getInt32(4 * i, true));
  if (encoding.kind === "embedding") {
    const count = cells.length - encoding.width;
    return { tokens: cells.slice(0, count), embedding: { sums: cells.slice(count), exponent: encoding.exponent } };
  }
  return encoding.kind === "tokens" ? { tokens: cells } : { shape: inputShape(encoding), cells };
}

/** The raw input of a statement, for people. */
export function inputText(encoding: InputEncoding, raw: Uint8Array): string {
  if (encoding.kind === "tokens") return `tokens ${new Uint32Array(raw.slice().buffer).join(" ")}`;
  if (encoding.kind === "embedding") return `tokens ${new Uint32Array(raw.slice().buffer).subarray(0, -encoding.width).join(" ")}`;
  return encoding.kind === "ngrams" ? `"${printable(decodeUtf8(raw))}"` : `tensor of shape [${inputShape(encoding)}]`;
}

/** An output's label; codes of languages with the language's name. */
export function outputText(encoding: InputEncoding, output: { readonly index: number; readonly label: string }): string {
  if (encoding.kind === "tokens") return `the last ${output.index} of them, each the arg max after all before it`;
  if (encoding.kind === "embedding") return `an embedding of ${encoding.width} cells (all with --json)`;
  const label = printable(output.label);
  const name = encoding.kind === "ngrams" ? languageName(output.label) : undefined;
  return `${label} (${name === undefined ? "" : `${name}, `}output ${output.index})`;
}

/** English name of an ISO 639-3 code, undefined if this runtime knows none. */
export function languageName(code: string): string | undefined {
  if (!/^[a-z]{3}$/.test(code)) return undefined;
  const name = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(code);
  return name === code ? undefined : name;
}
