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

/** A fresh calibration in floats, and the tables and weights that follow, give one model id on every runtime. */
Deno.test("circlet quantize and commit give Node's scales and model ids", async () => {
  const folder = await mkdtemp(join(tmpdir(), "circlet-"));
  const node = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)("node", [fileURLToPath(new URL("../../node_modules/tsx/dist/cli.mjs", import.meta.url)), MAIN, ...args]);
  try {
    const scales: string[] = [];
    const ids: string[] = [];
    for (const [name, run] of [
      ["deno", circlet],
      ["node", node],
    ] as const) {
      const recipe = join(folder, `${name}.json`);
      await run("quantize", "ishmael", "--no-search", "-o", recipe);
      scales.push(JSON.stringify(JSON.parse(await readFile(recipe, "utf8")).scales));
      const committed = await run("commit", "ishmael", "--recipe", recipe, "--positions", "8", "-o", join(folder, `${name}.vk`), "--json");
      ids.push(JSON.parse(committed.stdout).modelId);
    }
    if (scales[0] !== scales[1]) throw new Error("The scales differ");
    if (ids[0] !== ids[1]) throw new Error(`The model ids differ: ${ids.join(", ")}`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
