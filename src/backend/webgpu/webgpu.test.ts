/** The WebGPU backend against the reference, verb by verb. */
import { describeConformance } from "../../testing/conformance.ts";
import { threePages } from "../../testing/pages.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { webgpuBackend } from "./index.ts";

await describeWithGpu("the WebGPU backend", () => {
  describeConformance("webgpu", () => webgpuBackend({ robustness: true }));
  describeConformance("webgpu on three pages without bounds checks and subgroups", () =>
    threePages({ robustness: false, subgroups: false }),
  );
});
