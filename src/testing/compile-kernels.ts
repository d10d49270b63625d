/** Compiles every kernel with every option under the compiler at hand (Tint, naga), without a test runner, for Node, Deno and browsers alike. */
import { KERNELS } from "../../shaders/index.ts";
import type { Kernel } from "../../shaders/kernel.ts";
import { type Variant, variants } from "../../shaders/variants.ts";
import { openDevice } from "../backend/webgpu/device.ts";
import { openGpu, type Provider } from "../backend/webgpu/gpu.ts";
import type { Failure, Outcome } from "./conformance-run.ts";

export interface Compiler {
  readonly device: GPUDevice;
  /** What its kernels can be made of. */
  readonly variants: readonly Variant[];
}

/** A device whose compiler is asked. @throws Error if there is no adapter */
export async function openCompiler(provider: Provider): Promise<Compiler> {
  const adapter = await (await openGpu(provider, true)).requestAdapter();
  if (adapter === null) throw new Error(`No adapter from the provider "${provider}"`);
  const { device, features } = await openDevice(adapter, provider, {});
  return { device, variants: variants(features) };
}

/** What the compiler says against a kernel; null if nothing. */
export async function compileKernel(device: GPUDevice, kernel: Kernel, { features, label }: Variant): Promise<string | null> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: kernel.name, code: kernel.text(features) });
  const messages = (await module.getCompilationInfo()).messages.map(
    ({ type, lineNum, message }) => `${type} in line ${lineNum}: ${message}`,
  );
  const invalid = await device.popErrorScope();
  if (invalid !== null || messages.length > 0) return `With ${label}: ${[invalid?.message, ...messages].join("; ")}`;
  try {
    await device.createComputePipelineAsync({ label: kernel.name, layout: "auto", compute: { module, entryPoint: "main" } });
    return null;
  } catch (error) {
    return `With ${label}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Compiles all kernels. */
export async function compileAll({ device, variants }: Compiler): Promise<Outcome> {
  const failures: Failure[] = [];
  let passed = 0;
  for (const kernel of KERNELS) {
    for (const variant of variants) {
      const message = await compileKernel(device, kernel, variant);
      if (message === null) passed++;
      else failures.push({ name: kernel.name, message });
    }
  }
  return { passed, failures };
}
