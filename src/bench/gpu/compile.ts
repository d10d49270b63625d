/** Seconds that pipelines take to make, by the number of pages that kernels choose from: a proof that grows past a page makes them anew. */
import { KERNELS } from "../../../shaders/index.ts";
import { openDevice } from "../../backend/webgpu/device.ts";
import { openGpu } from "../../backend/webgpu/gpu.ts";
import { type Part, round } from "./context.ts";

const PAGE_BITS = 16;

export const compile: Part = {
  name: "compile",
  run: async ({ options, raw, add, skip }) => {
    const adapter = await (await openGpu(options.provider, false)).requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) throw new Error("no adapter");
    const { device, features } = await openDevice(adapter, options.provider, {});
    for (const slots of raw.isCpu ? [1, 2] : [1, 2, 4, 8]) {
      const times = new Map<string, number>();
      for (const kernel of KERNELS) {
        if (skip(`${kernel.name}, ${slots} pages`)) return;
        const start = performance.now();
        const code = kernel.text({ slots, pageBits: PAGE_BITS, ...features });
        const module = device.createShaderModule({ code });
        await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
        times.set(kernel.name, performance.now() - start);
      }
      const slowest = [...times].sort((a, b) => b[1] - a[1]).slice(0, 3);
      add({
        pages: slots,
        kernels: times.size,
        seconds: round([...times.values()].reduce((a, b) => a + b, 0) / 1000),
        slowest: slowest.map(([name, ms]) => `${name} ${(ms / 1000).toFixed(2)} s`).join(", "),
      });
    }
  },
};
