#!/usr/bin/env node
/** The `circlet` command: gives the process's arguments, streams and signals to `cli`. */
import { Cancelled } from "./failure.ts";
import { MAX_FILE_BYTES } from "./files.ts";
import { cli } from "./program.ts";

const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // the second time at once, wherever it is: files are renamed into place, so none is half-written
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Cancelled());
  });
}
for (const stream of [process.stdout, process.stderr]) {
  // the reader has gone, as in `circlet inspect | head`
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 2));
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  controller.signal.addEventListener("abort", () => process.stdin.destroy());
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Uint8Array);
    length += (chunk as Uint8Array).length;
    if (length > MAX_FILE_BYTES) break;
  }
  return new Uint8Array(Buffer.concat(chunks));
}

process.exitCode = await cli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: readStandardInput,
  signal: controller.signal,
});
