/** Whether this browser can prove on the GPU, and if not, why. */

/** Undefined where the GPU can be used, else a sentence for the visitor. */
export async function gpuProblem(): Promise<string | undefined> {
  if (!isSecureContext) return "Browsers offer WebGPU only over https or on localhost.";
  if (!navigator.gpu) return "This browser has no WebGPU. Chrome and Edge have it, Firefox and Safari in recent versions.";
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter ? undefined : "This browser has WebGPU, but finds no graphics adapter for it.";
}
