/** The WebGPU backend against the reference, verb by verb. Needs an adapter: with REQUIRE_WEBGPU=1 a missing one fails. */
import { describeConformance } from "../../testing/conformance.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { webgpuBackend } from "./index.ts";

await describeWithGpu("the WebGPU backend", () => {
  describeConformance("webgpu", () => webgpuBackend({ robustness: true }));
  describeConformance("webgpu without bounds checks", () => webgpuBackend({ robustness: false }));
  describeConformance("webgpu with pages of 128 KiB", () => webgpuBackend({ robustness: true, pageBytes: 2 ** 17 }));
});
