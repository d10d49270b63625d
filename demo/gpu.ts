/** Whether this page can prove on the GPU, and if not, why. */
import type { Backend } from "../src/index.ts";

interface WebgpuModule {
  webgpuBackend(): Promise<Backend>;
}

/** Loads the GPU prover on demand; undefined in a build without it. */
export function webgpuModule(): (() => Promise<WebgpuModule>) | undefined {
  return Object.values(import.meta.glob<WebgpuModule>("../src/backend/webgpu/index.ts"))[0];
}

/** Undefined where the GPU can be used, else a sentence for the visitor. */
export async function gpuProblem(): Promise<string | undefined> {
  if (!isSecureContext) return "Browsers offer WebGPU only over https or on localhost.";
  if (!navigator.gpu) return "This browser has no WebGPU. Chrome and Edge have it, Firefox and Safari in recent versions.";
  if (!webgpuModule()) return "This build of the page has no GPU prover.";
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter ? undefined : "This browser has WebGPU, but found no graphics adapter for it.";
}
