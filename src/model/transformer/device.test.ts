/** A transformer's witness made on a device is the host's, word for word, on every backend; what the host refuses is refused with the host's error. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { referenceBackend } from "../../backend/reference/index.ts";
import { webgpuBackend } from "../../backend/webgpu/index.ts";
import { ModelError } from "../../errors.ts";
import { ARCHITECTURES, FEW_BITS, growingProgram, outlierProgram, SMALL, smallProgram } from "../../testing/decoder.ts";
import { decoderDifferences, encoderDifferences } from "../../testing/device-decoder.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { compileDecoder, compileEncoder } from "./compile.ts";
import type { TransformerProgram, TransformerScales } from "./program.ts";

const PROMPT = [1, 8, 15];
const program = smallProgram();
const compiled = compileDecoder(program, 6);
const changed = (of: TransformerProgram, change: Partial<TransformerScales>) => ({ ...of, scales: { ...of.scales, ...change } });
const narrowed = (change: Partial<TransformerScales>) => compileDecoder(changed(program, change), 6);
const architectures = Object.entries(ARCHITECTURES).map(([name, { config, biases }]) => ({
  name,
  isEncoder: config.output === "mean",
  program: smallProgram(config, FEW_BITS, biases),
}));
const decoders = architectures.filter(({ isEncoder }) => !isEncoder);
const encoders = architectures.filter(({ isEncoder }) => isEncoder);

/** What a host's error names, and scales that make it do so. */
const REFUSED = [
  ["for the residual stream", { residualBits: 12 }],
  ["the query", { queryLimit: 3 }],
  ["the score", { scoreLimit: 2 }],
  ["for a value", { valueBits: 2 }],
  ["for a gate", { gateBits: 2 }],
  ["for an up projection", { upBits: 2 }],
  ["for a gated value", { feedBits: 6 }],
  ["for a gate, above 1, ", { gateHigh: 1 }],
  ["mixed values of the square", { mixedSquareBits: 11 }],
  ["hidden values of the square", { feedSquareBits: 11 }],
] as const;

function describeDevice(label: string, start: () => Promise<Backend>): void {
  describe(`a transformer's witness on ${label}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.close());

    it.each([
      [PROMPT, 3],
      [PROMPT, 4],
      [[5], 1],
    ])("is the host's for %j and %i tokens more", async (prompt, count) => {
      expect(await decoderDifferences(compiled, prompt, count, backend)).toEqual([]);
    });

    it("is the host's for a single layer of wide, ungrouped heads", async () => {
      const config = { ...SMALL, layers: 1, width: 24, heads: 3, keyHeads: 3, headWidth: 8, hidden: 33 };
      const wide = compileDecoder(smallProgram(config, { ...FEW_BITS, residual: 16 }), 9);
      expect(await decoderDifferences(wide, PROMPT, 5, backend)).toEqual([]);
    });

    it("is the host's for a wide state", async () => {
      const config = { ...SMALL, layers: 1, width: 1026, heads: 3, keyHeads: 1, headWidth: 342, hidden: 3 };
      expect(await decoderDifferences(compileDecoder(smallProgram(config), 1), [2], 1, backend)).toEqual([]);
    });

    it("follows a text, and refuses one that the decoder does not write", async () => {
      const { generated } = compiled.run(PROMPT, 3).statement;
      expect(await decoderDifferences(compiled, PROMPT, generated, backend)).toEqual([]);
      const other = generated.with(1, (generated[1]! + 1) % SMALL.vocabulary);
      await expect(decoderDifferences(compiled, PROMPT, other, backend)).rejects.toThrow(/^small decoder prefers the token/);
    });

    it.each(REFUSED)("refuses what the host refuses, %s", async (what, change) => {
      const narrow = narrowed(change);
      expect(() => narrow.run(PROMPT, 3).witness()).toThrow(what);
      await expect(decoderDifferences(narrow, PROMPT, 3, backend)).rejects.toThrow(what);
    });

    it.each(decoders)("is the host's for $name, generating and following", async ({ program: other }) => {
      const made = compileDecoder(other, 6);
      expect(await decoderDifferences(made, PROMPT, 3, backend)).toEqual([]);
      expect(await decoderDifferences(made, [5], 2, backend)).toEqual([]);
      expect(await decoderDifferences(made, PROMPT, made.run(PROMPT, 4).statement.generated, backend)).toEqual([]);
    });

    it.each(encoders)("is the host's for texts that $name reads", async ({ program: other }) => {
      const made = compileEncoder(other, 6);
      for (const text of [PROMPT, [7], [1, 2, 3, 4, 5, 6]]) expect(await encoderDifferences(made, text, backend)).toEqual([]);
    });

    it.each(architectures)("refuses what the host refuses of $name", async ({ program: other, isEncoder }) => {
      for (const [what, change] of REFUSED) {
        if ((what === "for an up projection" || what === "for a gated value") && !other.config.gated) continue;
        const narrow = changed(other, change);
        if (isEncoder) {
          const made = compileEncoder(narrow, 6);
          expect(() => made.run(PROMPT).witness()).toThrow(what);
          await expect(encoderDifferences(made, PROMPT, backend)).rejects.toThrow(what);
        } else {
          const made = compileDecoder(narrow, 6);
          expect(() => made.run(PROMPT, 3).witness()).toThrow(what);
          await expect(decoderDifferences(made, PROMPT, 3, backend)).rejects.toThrow(what);
        }
      }
    });

    it.each(["query", "key"] as const)("refuses a %s that is too large to be normalised", async (name) => {
      const { program: other } = architectures.find((a) => a.name === "qwen3")!;
      const made = compileDecoder({ ...other, [name]: { ...other[name], shift: 1 } }, 6);
      expect(() => made.run(PROMPT, 3)).toThrow(`the ${name}`);
      await expect(decoderDifferences(made, PROMPT, 3, backend)).rejects.toThrow(`the ${name}`);
    });

    it("refuses final values that are too large", async () => {
      for (const { program: other } of encoders) {
        const made = compileEncoder({ ...other, final: { ...other.final!, shift: 1 } }, 6);
        expect(() => made.run(PROMPT)).toThrow("for a final value");
        await expect(encoderDifferences(made, PROMPT, backend)).rejects.toThrow("for a final value");
      }
    });

    it("is the host's where norms come after and lose no mean, with a gate, without biases", async () => {
      const after = smallProgram({ ...SMALL, normPlace: "after" });
      expect(await decoderDifferences(compileDecoder(after, 6), PROMPT, 3, backend)).toEqual([]);
    });

    it.each(["rms", "layer"] as const)(
      "is the host's where a channel of the stream has a shift of its own, with the norm %s",
      async (norm) => {
        const outlier = outlierProgram({ ...SMALL, width: 64, norm });
        expect(outlier.channelSquares?.some((w) => w > 1)).toBe(true);
        const made = compileDecoder(outlier, 6);
        expect(await decoderDifferences(made, PROMPT, 3, backend)).toEqual([]);
        expect(await decoderDifferences(made, PROMPT, made.run(PROMPT, 4).statement.generated, backend)).toEqual([]);
        const narrow = compileDecoder(changed(outlier, { residualBits: 12 }), 6);
        await expect(decoderDifferences(narrow, PROMPT, 3, backend)).rejects.toThrow("for the residual stream");
      },
    );

    it("is the host's where steps of the residual stream become coarser", async () => {
      const growing = growingProgram();
      expect(growing.streamFactors).toBeDefined();
      expect(new Set(growing.epsilons).size).toBeGreaterThan(1);
      const made = compileDecoder(growing, 6);
      expect(await decoderDifferences(made, PROMPT, 3, backend)).toEqual([]);
    });

    it("refuses texts that do not fit an encoder", async () => {
      for (const { program: other } of encoders) {
        const made = compileEncoder(other, 6);
        for (const text of [[], [SMALL.vocabulary], [-1], [1, 2, 3, 4, 5, 6, 7]])
          await expect(encoderDifferences(made, text, backend)).rejects.toThrow(RangeError);
      }
    });

    it("refuses tokens that there are not, and too many", async () => {
      await expect(decoderDifferences(compiled, [SMALL.vocabulary], 1, backend)).rejects.toThrow(RangeError);
      await expect(decoderDifferences(compiled, PROMPT, 5, backend)).rejects.toThrow(RangeError);
      await expect(decoderDifferences(compiled, PROMPT, [-1], backend)).rejects.toThrow(RangeError);
      await expect(decoderDifferences(narrowed({ upBits: 2 }), PROMPT, [0], backend)).rejects.toThrow(ModelError);
    });
  });
}

describeDevice("the reference", async () => referenceBackend());
describeDevice("the CPU backend", () => cpuBackend({ threads: 1 }));
await describeWithGpu("a transformer's witness on WebGPU", () => {
  describeDevice("WebGPU", () => webgpuBackend({ robustness: true }));
});
