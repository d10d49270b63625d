/** Suites that need a GPU adapter. With REQUIRE_WEBGPU=1 a missing adapter is a failure; otherwise one line says what was not run. */
import { describe, it } from "vitest";
import { webgpuBackend } from "../backend/webgpu/index.ts";

/** Declares a suite if there is an adapter. */
export async function describeWithGpu(label: string, suite: () => void): Promise<void> {
  let reason = "";
  try {
    await (await webgpuBackend({ robustness: true })).close();
  } catch (error) {
    if (process.env.REQUIRE_WEBGPU === "1") throw error;
    reason = error instanceof Error ? error.message : String(error);
  }
  if (reason === "") {
    describe(label, suite);
  } else {
    process.stdout.write(`not run: ${label} (${reason})\n`);
    it("has no adapter to run on, which REQUIRE_WEBGPU=1 would not forgive", () => {});
  }
}
