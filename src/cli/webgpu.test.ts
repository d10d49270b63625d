/** The command line with `--backend webgpu`: without an adapter, in a process of its own, and with one. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { describeWithGpu } from "../testing/webgpu.ts";

const TEXT = "un texte en français";
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
afterAll(folder.remove);

const parsed = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** A process that finds no Vulkan driver. */
function withoutDriver(...argv: readonly string[]) {
  const env = { ...process.env, VK_DRIVER_FILES: folder.file("no-driver.json") };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...argv], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

describe("without an adapter", () => {
  it("says so, with exit code 2", async () => {
    const { code, stdout, stderr } = await withoutDriver(
      ...["prove", TEXT, "--backend", "webgpu", "-o", folder.file("none.proof"), "--json"],
    );
    expect(code).toBe(2);
    expect(parsed(stdout)).toMatchObject({ error: { code: "device", message: expect.stringContaining("Cannot find a GPU adapter") } });
    expect(stderr).toMatch(/^circlet: Cannot find a GPU adapter: .* Use the CPU backend$/m);
  });

  it("goes on on the CPU where that is allowed, and says so", async () => {
    const output = folder.file("fallback.proof");
    const { code, stdout, stderr } = await withoutDriver(
      ...["prove", TEXT, "--backend", "webgpu", "--fallback", "--threads", "1", "-o", output, "--json"],
    );
    expect(code).toBe(0);
    expect(parsed(stdout)).toMatchObject({ backend: "cpu (wasm simd, 1 thread)", device: null });
    expect(stderr).toMatch(/^circlet: Cannot find a GPU adapter: .*; now on cpu \(wasm simd, 1 thread\)$/m);
  });
});

await describeWithGpu("the command line on a GPU", () => {
  it("proves with the bytes of the CPU, and shows what was asked of the device", async () => {
    const [onCpu, onGpu] = [folder.file("cpu.proof"), folder.file("gpu.proof")];
    await call(["prove", TEXT, "-o", onCpu, "--threads", "1"]);
    const { code, stdout } = await call(["prove", TEXT, "--backend", "webgpu", "--robustness", "-o", onGpu, "--json"]);
    expect(code).toBe(0);
    const result = parsed(stdout) as { backend: string; device: Record<string, number> };
    expect(result.backend).toMatch(/^webgpu \(/);
    expect(Object.keys(result.device)).toEqual(["submissions", "dispatches", "readBacks", "bytesUp", "bytesDown"]);
    expect(result.device.readBacks).toBeLessThanOrEqual(4);
    expect(readFileSync(onGpu).equals(readFileSync(onCpu))).toBe(true);
  }, 120_000);
});
