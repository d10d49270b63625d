/** One proof is a few submissions and a constant number of read-backs, however deep the network; reports carry the counts of one proof alone. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { commit, type Proven, prove } from "../../api.ts";
import { loadModel } from "../../model/load.ts";
import { PHASES } from "../../prover/prove.ts";
import { layeredProver } from "../../testing/layered.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { type WebGpuBackend, webgpuBackend } from "./index.ts";

/** Times that a proof may wait for the device. */
const MOST_READ_BACKS = 4;
const WIDTH = 12;

await describeWithGpu("counters of the WebGPU backend", () => {
  let backend: WebGpuBackend;
  beforeAll(async () => {
    backend = await webgpuBackend({ robustness: true });
  });
  afterAll(() => backend.close());

  it("count one proof of lande in its report: the first brings the weights, every later one is the same and brings almost nothing", async () => {
    const key = await commit(await loadModel("lande"), { backend });
    const proofs = [];
    for (let k = 0; k < 3; k++) proofs.push(await prove(key, "un texte en français", { backend }));
    const [first, { report: second }, third] = proofs as [Proven, Proven, Proven];
    const { device } = third.report;
    expect(device?.readBacks).toBeGreaterThan(0);
    expect(device?.readBacks).toBeLessThanOrEqual(MOST_READ_BACKS);
    expect(device?.dispatches).toBeGreaterThan(device?.submissions ?? 0);
    expect(device?.bytesDown).toBeGreaterThan(0.9 * first.proof.length);
    expect(device?.bytesDown).toBeLessThan(1.2 * first.proof.length);
    expect(second.device).toEqual(device);
    const weights = 4 * (key.weights.matrix.length + key.weights.tree.length);
    expect(first.report.device?.bytesUp).toBeGreaterThan(weights);
    expect(device?.bytesUp).toBeLessThan(weights / 10);
    expect(device?.readBacks).toBe(first.report.device?.readBacks);
    expect(backend.counters.dispatches).toBeGreaterThan(2 * (device?.dispatches ?? 0));
  }, 120_000);

  it("count the reads of one turn as one read-back, whatever their sizes", async () => {
    const session = backend.open();
    const before = backend.counters.readBacks;
    const columns = [2 ** 14, 3, 2 ** 16, 2 ** 14].map((length, k) => session.upload(new Uint32Array(length).fill(k + 1), 1));
    const words = await Promise.all(columns.map((column) => session.read(column)));
    expect(words.map((all) => [all.length, all[0], all.at(-1)])).toEqual([
      [2 ** 14, 1, 1],
      [3, 2, 2],
      [2 ** 16, 3, 3],
      [2 ** 14, 4, 4],
    ]);
    expect(backend.counters.readBacks - before).toBe(1);
    session.end();
  });

  it("show that phases may be waited for without a read-back", async () => {
    const key = await commit(await loadModel("lande"), { backend });
    const finished = vi.spyOn(backend, "finished");
    const { report } = await prove(key, "un texte en français", { backend, awaitPhases: true });
    expect(finished).toHaveBeenCalledTimes(PHASES.length - 1);
    expect(report.device?.readBacks).toBeLessThanOrEqual(MOST_READ_BACKS);
  }, 120_000);

  it("show no more read-backs for 30 layers than for 3", async () => {
    const readBacks: number[] = [];
    for (const layers of [3, 30]) {
      const { prove } = await layeredProver(backend, layers, WIDTH);
      const before = backend.counters.readBacks;
      await prove();
      readBacks.push(backend.counters.readBacks - before);
    }
    expect(readBacks[0]).toBeLessThanOrEqual(MOST_READ_BACKS);
    expect(readBacks[1]).toBe(readBacks[0]);
  }, 120_000);
});
