/** The command line inside a test: captured streams, a folder that goes away, no process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Io } from "../cli/io.ts";
import { cli } from "../cli/program.ts";

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly stdin?: Uint8Array | string;
  readonly signal?: AbortSignal;
  readonly isTTY?: boolean;
  /** Sees standard error as it is written. */
  readonly onStderr?: (text: string) => void;
}

/** Runs one command. */
export async function call(argv: readonly string[], options: CallOptions = {}): Promise<Answer> {
  const written = { stdout: "", stderr: "" };
  const stderr = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      written.stderr += text;
      options.onStderr?.(text);
      done();
    },
  });
  const io: Io = {
    stdout: {
      write: (text) => {
        written.stdout += text;
      },
    },
    stderr: Object.assign(stderr, { isTTY: options.isTTY ?? false }),
    stdin: async () => bytesOf(options.stdin ?? ""),
    signal: options.signal ?? new AbortController().signal,
  };
  return { code: await cli(argv, io), ...written };
}

/** A new empty folder and how to remove it. */
export function temporaryFolder(): { readonly path: string; readonly file: (name: string) => string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "circlet-"));
  return { path, file: (name) => join(path, name), remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A .npy file of version 1 or 2 from its header's fields and cells. */
export function npy(
  fields: { readonly descr: string; readonly order?: "True" | "False"; readonly shape: string },
  cells: ArrayBufferView,
  version: 1 | 2 = 1,
): Uint8Array {
  const header = `{'descr': '${fields.descr}', 'fortran_order': ${fields.order ?? "False"}, 'shape': ${fields.shape}, }\n`;
  const start = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(start + header.length + cells.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), start);
  bytes.set(new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength), start + header.length);
  return bytes;
}

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
