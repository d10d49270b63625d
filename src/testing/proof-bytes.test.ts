/** Keys and proofs of the bundled models on WebGPU have the CPU backend's bytes. */
import { expect, it } from "vitest";
import { cpuBackend } from "../backend/cpu/index.ts";
import { webgpuBackend } from "../backend/webgpu/index.ts";
import { commitDecoder, proveText, proveTokens } from "../decoder.ts";
import { commitEncoder, proveEmbedding } from "../encoder.ts";
import { BUNDLED_MODELS } from "../model/load.ts";
import { encodeKey } from "../proof/key.ts";
import type { Progress } from "../prover/prove.ts";
import { verify } from "../verify.ts";
import { ARCHITECTURES, FEW_BITS, outlierProgram, SMALL, smallProgram } from "./decoder.ts";
import { encoderCase, proveOnDevice } from "./encoder-proof.ts";
import { checkProof } from "./proof-bytes.ts";
import { prove } from "./toy-proof.ts";
import { describeWithGpu } from "./webgpu.ts";

await describeWithGpu("proofs on WebGPU", () => {
  it.each(BUNDLED_MODELS)("of %s have the bytes of the CPU backend", { timeout: 300_000 }, async (model) => {
    const backend = await webgpuBackend();
    await checkProof(backend, model);
    await backend.close();
  });

  it.each([
    ["a decoder", smallProgram()],
    ["a decoder that normalises heads", smallProgram(ARCHITECTURES.qwen3!.config)],
    ["a decoder whose stream has an outlier", outlierProgram({ ...SMALL, width: 64 })],
  ])("of %s have the bytes of the CPU backend, and so has a proof of the text that it wrote", { timeout: 300_000 }, async (_, program) => {
    const decoder = { name: "small decoder", program };
    const made = [];
    for (const backend of [await cpuBackend(), await webgpuBackend()]) {
      const key = await commitDecoder(decoder, 6, { backend });
      const { proof, statement } = await proveTokens(key, [1, 8, 15], 3, { backend });
      expect((await proveText(key, statement, { backend })).proof).toEqual(proof);
      expect(verify(key.verifying, proof)).toMatchObject({ tokens: statement });
      made.push({ key: encodeKey(key.verifying), proof });
      await backend.close();
    }
    expect(made[1]).toEqual(made[0]);
  });

  it("of an encoder have the bytes of the CPU backend, wherever the witness is made", { timeout: 300_000 }, async () => {
    const { config, biases } = ARCHITECTURES.bert!;
    const made = [];
    for (const backend of [await cpuBackend(), await webgpuBackend()]) {
      const program = smallProgram(config, FEW_BITS, biases);
      const encoder = await encoderCase(backend, program, [1, 8, 15], 6);
      const proof = await proveOnDevice(encoder, backend);
      const key = await commitEncoder({ name: program.name, program }, 6, { backend });
      expect((await proveEmbedding(key, [1, 8, 15], { backend })).proof).toEqual(proof);
      expect(await prove(encoder, { backend })).toEqual(proof);
      expect(verify(encoder.key, proof)).toMatchObject({ embedding: encoder.statement });
      made.push({ key: encodeKey(encoder.key), proof });
      await backend.close();
    }
    expect(made[1]).toEqual(made[0]);
  });

  it("of a decoder can be aborted between two generated tokens", { timeout: 300_000 }, async () => {
    const backend = await webgpuBackend();
    const key = await commitDecoder({ name: "small decoder", program: smallProgram() }, 6, { backend });
    const controller = new AbortController();
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => {
      seen.push(progress);
      if (progress.done === 2) controller.abort(new Error("enough"));
    };
    await expect(proveTokens(key, [1, 8, 15], 3, { backend, signal: controller.signal, onProgress })).rejects.toThrow("enough");
    expect(seen.map(({ phase, done, total }) => [phase, done, total])).toEqual([
      ["witness", 0, 1],
      ["witness", 1, 4],
      ["witness", 2, 4],
    ]);
    await backend.close();
  });
});
