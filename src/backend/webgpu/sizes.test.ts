/** Columns at the bounds of a page and past what one dimension of a dispatch takes, with the adapter's limits and with those that every adapter has. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeviceError } from "../../errors.ts";
import { Bench } from "../../testing/conformance-bench.ts";
import { checkLargeColumn, largeColumns } from "../../testing/large-columns.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { type WebGpuBackend, webgpuBackend } from "./index.ts";

const PAGE_BYTES = 2 ** 20;
const PAGE = PAGE_BYTES / 16;

await describeWithGpu("columns on WebGPU", () => {
  describe("with the limits of every adapter, past 65,535 workgroups", () => {
    let backend: WebGpuBackend;
    beforeAll(async () => {
      backend = await webgpuBackend({ robustness: true, limits: "default" });
    });
    afterAll(() => backend.close());
    for (const [name, make] of Object.entries(largeColumns)) it(name, { timeout: 240_000 }, () => checkLargeColumn(backend, make));
    it("have taken more than one page of 128 MiB", () => expect(backend.memory()).toBeGreaterThan(2 ** 27));
  });

  describe("of small pages", () => {
    let backend: WebGpuBackend;
    beforeAll(async () => {
      backend = await webgpuBackend({ robustness: true, pageBytes: PAGE_BYTES, maxBytes: 3 * PAGE_BYTES });
    });
    afterAll(() => backend.close());

    it("keep their words while pages are added", async () => {
      const bench = new Bench(backend, 1);
      const { session } = bench;
      const sizes = [100, PAGE - 1, PAGE, 1, PAGE / 4 + 1];
      const all = sizes.map((size) => bench.samples.words(4 * size));
      const columns = all.map((words) => session.upload(words, 4));
      expect(backend.memory()).toBe(3 * PAGE_BYTES);
      const read = await bench.read(columns);
      expect(read.map((words, k) => words.length === all[k]!.length && words.every((word, i) => word === all[k]![i]))).toEqual(
        sizes.map(() => true),
      );
      session.end();
    });

    it.each([PAGE - 4200, PAGE - 1, PAGE, PAGE + 1])("take %i entries", async (size) => {
      const bench = new Bench(backend, 2);
      const words = bench.samples.words(size);
      const lifted = await bench.session.read(bench.session.lift(bench.session.upload(words, 1)));
      expect(lifted.length).toBe(4 * size);
      expect(lifted.findIndex((word, i) => word !== (i % 4 === 0 ? words[i / 4] : 0))).toBe(-1);
      bench.session.end();
    });

    it("do not take more than was allowed", () => {
      const { session } = new Bench(backend, 3);
      expect(() => session.zeros(3 * PAGE, 4)).toThrow(DeviceError);
      expect(() => session.zeros(3 * PAGE, 4)).toThrow("Cannot place 3 MiB on the device: at most 3 MiB are addressable or allowed");
      session.end();
    });
  });
});
