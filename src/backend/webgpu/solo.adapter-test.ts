/**
 * Small work in the transcript's program, as on GPUs, with and without subgroups. Runs on SwiftShader alone: adapters that are CPUs take long to compile these
 * kernels, lavapipe by far the longest.
 */
import { describe, expect, it } from "vitest";
import { describeConformance } from "../../testing/conformance.ts";
import { compareProofs } from "../../testing/proof-bytes.ts";
import { webgpuBackend } from "./index.ts";

/** Products in K: all that conformance cases ask for, and what a GPU takes over. */
const [ALL, USUAL] = [2 ** 20, 2 ** 13];

describe("the transcript's program", () => {
  describeConformance("webgpu, all small steps in the program", () => webgpuBackend({ robustness: true, soloProducts: ALL }));
  describeConformance("webgpu, all small steps in the program, no subgroups", () =>
    webgpuBackend({ robustness: true, subgroups: false, soloProducts: ALL }),
  );

  it("proves with the CPU backend's bytes in few dispatches: the last rounds of a sumcheck take none of their own", {
    timeout: 300_000,
  }, async () => {
    const backend = await webgpuBackend({ robustness: true, soloProducts: USUAL });
    try {
      const dispatches = new Map<string, number>();
      const { failures, passed } = await compareProofs(backend, ({ model, report }) =>
        dispatches.set(model, report?.device?.dispatches ?? 0),
      );
      expect(failures).toEqual([]);
      expect(passed).toBe(2);
      expect(dispatches.get("lande")).toBeLessThan(250); // 757 without the program
      expect(dispatches.get("mnist-small")).toBeLessThan(400); // 1,486
    } finally {
      await backend.close();
    }
  });
});
