/**
 * Suites that need a GPU adapter. With REQUIRE_WEBGPU=1 a missing adapter is a failure; otherwise one line says what was not run. WEBGPU_ADAPTER holds a part
 * of the adapter's name where a run is for a certain one.
 */
import { describe, it } from "vitest";
import { webgpuBackend } from "../backend/webgpu/index.ts";

/** Declares a suite if there is an adapter. */
export async function describeWithGpu(label: string, suite: () => void): Promise<void> {
  const name = await adapterName().catch((error: Error) => error);
  const wanted = process.env.WEBGPU_ADAPTER ?? "";
  if (typeof name === "string") {
    if (!name.includes(wanted)) throw new Error(`The adapter is ${name} instead of ${wanted}`);
    describe(label, suite);
    return;
  }
  if (process.env.REQUIRE_WEBGPU === "1") throw name;
  process.stdout.write(`not run: ${label} (${name.message})\n`);
  describe(label, () => it.skip("needs an adapter", () => {}));
}

async function adapterName(): Promise<string> {
  const backend = await webgpuBackend({ robustness: true });
  await backend.close();
  return backend.name;
}
