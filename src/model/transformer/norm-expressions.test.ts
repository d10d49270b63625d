/** The norm of heads in the integer verbs is what its definition says, up to the largest values that it takes, on every backend. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { toWords } from "../../backend/columns.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { referenceBackend } from "../../backend/reference/index.ts";
import { webgpuBackend } from "../../backend/webgpu/index.ts";
import { cell, type Expression, viewOf } from "../../tensor/integers.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { headNormed, headRoot } from "./norm-expressions.ts";
import { headNumerator, integerRoot, mostFlat } from "./program.ts";

const HEAD_WIDTHS = [2, 6, 64, 128, 256, 1024];

function describeNorms(label: string, start: () => Promise<Backend>): void {
  describe(`the norm of heads on ${label}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.close());

    const computed = async (inputs: readonly number[][], outputs: readonly Expression[]): Promise<number[][]> => {
      const session = backend.open();
      const shape = [inputs[0]!.length];
      const views = inputs.map((values) => viewOf(session.upload(toWords(Int32Array.from(values)), 1), shape));
      const columns = await Promise.all(session.map(shape, views, [], outputs).map((column) => session.read(column)));
      session.end();
      return columns.map((words) => [...words].map((word) => (word >= 2 ** 30 ? word - (2 ** 31 - 1) : word)));
    };

    it("has roots of sums from 1 to below 2^30", async () => {
      const roots = [1, 2, 3, 181, 1023, 1024, 23170, 32766, 32767];
      const sums = [...new Set(roots.flatMap((n) => [n * n, n * n + n, n * n + 2 * n, n * n - 1]))].filter((s) => s >= 1 && s < 2 ** 30);
      const expected = sums.map(integerRoot);
      const rests = sums.map((s, k) => s - expected[k]! ** 2);
      expect(await computed([sums], headRoot(cell(0)))).toEqual([expected, rests, rests.map((rest, k) => 2 * expected[k]! - rest)]);
    });

    it.each(HEAD_WIDTHS)("has values of heads of %i channels, halves rounded up", async (headWidth) => {
      const numerator = headNumerator({ headWidth });
      const roots = [1, 2, 3, 7, 64, 1000, mostFlat({ headWidth }), 2 ** 15 - 1];
      const pairs = roots.flatMap((n) => {
        const most = Math.min(n, mostFlat({ headWidth }));
        return [-most, -most + 1, -1, 0, 1, Math.floor(most / 3), most].map((x) => [x, n] as const);
      });
      const expected = pairs.map(([x, n]) => Math.floor((2 * numerator * x + n) / (2 * n)));
      const rests = pairs.map(([x, n], k) => 2 * numerator * x + n - 2 * n * expected[k]!);
      const [x, n] = [pairs.map((p) => p[0]), pairs.map((p) => p[1])];
      const slacks = rests.map((rest, k) => 2 * n[k]! - 1 - rest);
      expect(await computed([x, n], headNormed({ headWidth }, cell(0), cell(1)))).toEqual([expected, rests, slacks]);
    });
  });
}

describeNorms("the reference", async () => referenceBackend());
describeNorms("the CPU backend", () => cpuBackend({ threads: 1 }));
await describeWithGpu("the norm of heads on WebGPU", () => {
  describeNorms("WebGPU", () => webgpuBackend({ robustness: true }));
});
