/** The command line in Deno, from a checkout: proofs on Dawn and on Deno's own WebGPU are those of the CPU backend, and are accepted. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const { Deno } = globalThis as unknown as { readonly Deno: { test(name: string, run: () => Promise<void>): void } };

const circlet = (...args: string[]): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, ["run", "-A", MAIN, ...args]);

for (const provider of ["dawn", "deno"]) {
  Deno.test(`circlet prove on WebGPU from ${provider}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "circlet-"));
    try {
      const prove = async (name: string, ...options: string[]): Promise<Uint8Array> => {
        const file = join(folder, name);
        await circlet("prove", "un texte en français", "-o", file, ...options);
        await circlet("verify", file, "--key", file.replace(/proof$/, "vk"));
        return readFile(file);
      };
      const cpu = await prove("cpu.proof", "--backend", "cpu");
      const gpu = await prove("gpu.proof", "--backend", "webgpu", "--provider", provider);
      if (Buffer.compare(cpu, gpu) !== 0) throw new Error("The proofs differ");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
