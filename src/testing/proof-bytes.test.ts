/** Keys and proofs of the bundled models on WebGPU have the CPU backend's bytes. */
import { expect, it } from "vitest";
import { cpuBackend } from "../backend/cpu/index.ts";
import { webgpuBackend } from "../backend/webgpu/index.ts";
import { BUNDLED_MODELS } from "../model/load.ts";
import { encodeKey } from "../proof/key.ts";
import { decoderCase } from "./decoder-proof.ts";
import { checkProof } from "./proof-bytes.ts";
import { prove } from "./toy-proof.ts";
import { describeWithGpu } from "./webgpu.ts";

await describeWithGpu("proofs on WebGPU", () => {
  it.each(BUNDLED_MODELS)("of %s have the bytes of the CPU backend", { timeout: 300_000 }, async (model) => {
    const backend = await webgpuBackend();
    await checkProof(backend, model);
    await backend.close();
  });

  it("of a decoder have the bytes of the CPU backend", { timeout: 300_000 }, async () => {
    const made = [];
    for (const backend of [await cpuBackend(), await webgpuBackend()]) {
      const of = await decoderCase(backend, [1, 8, 15], 3, 6);
      made.push({ key: encodeKey(of.key), proof: await prove(of, { backend }) });
      await backend.close();
    }
    expect(made[1]).toEqual(made[0]);
  });
});
