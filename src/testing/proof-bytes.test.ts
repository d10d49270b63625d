/** Keys and proofs of the bundled models on WebGPU have the CPU backend's bytes. */
import { it } from "vitest";
import { webgpuBackend } from "../backend/webgpu/index.ts";
import { BUNDLED_MODELS } from "../model/load.ts";
import { checkProof } from "./proof-bytes.ts";
import { describeWithGpu } from "./webgpu.ts";

await describeWithGpu("proofs on WebGPU", () => {
  it.each(BUNDLED_MODELS)("of %s have the bytes of the CPU backend", { timeout: 300_000 }, async (model) => {
    const backend = await webgpuBackend();
    await checkProof(backend, model);
    await backend.close();
  });
});
