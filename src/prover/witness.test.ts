/** A proof has the same bytes whether its witness was made by the host or on the device, which costs one read-back however large the network is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, type Input, type Key, prove } from "../api.ts";
import type { Backend } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { type WebGpuBackend, webgpuBackend } from "../backend/webgpu/index.ts";
import { loadModel } from "../model/load.ts";
import { loadMnist } from "../model/mnist/data.ts";
import { describeWithGpu } from "../testing/webgpu.ts";

const INPUTS: readonly (readonly [string, Input])[] = [
  ["lande", "Quanto costa il biglietto?"],
  ["mnist-small", Array.from(loadMnist("test").images.subarray(0, 784))],
];
const made = (backend: Backend, witness: "device" | "host"): Backend => ({ ...backend, witness });

let cpu: Backend;
const keys = new Map<string, Key>();
beforeAll(async () => {
  cpu = await cpuBackend({ threads: 1 });
  for (const [name] of INPUTS) keys.set(name, await commit(await loadModel(name), { backend: cpu }));
});
afterAll(() => cpu.close());

async function proofOn(backend: Backend, name: string, input: Input): Promise<{ readonly proof: Uint8Array; readonly label: string }> {
  const key = keys.get(name);
  if (!key) throw new Error(`no key for ${name}`);
  const { proof, output } = await prove(key, input, { backend });
  return { proof, label: output.label };
}

describe("the CPU backend", () => {
  it.each(INPUTS)("proves %s with the same bytes", async (name, input) => {
    expect(cpu.witness).toBe("host");
    expect(await proofOn(made(cpu, "device"), name, input)).toEqual(await proofOn(cpu, name, input));
  });

  it("refuses an input outside its range", async () => {
    const cells = Array.from({ length: 784 }, () => 256);
    await expect(proofOn(made(cpu, "device"), "mnist-small", cells)).rejects.toThrow(RangeError);
  });
});

await describeWithGpu("the witness of whole proofs on WebGPU", () => {
  let gpu: WebGpuBackend;
  beforeAll(async () => {
    gpu = await webgpuBackend();
  });
  afterAll(() => gpu.close());

  it("is made on the device, with the same bytes and one more read-back, for both networks", async () => {
    expect(gpu.witness).toBe("device");
    const more: number[] = [];
    for (const [name, input] of INPUTS) {
      const before = gpu.counters.readBacks;
      const device = await proofOn(gpu, name, input);
      const between = gpu.counters.readBacks;
      const host = await proofOn(made(gpu, "host"), name, input);
      more.push(between - before - (gpu.counters.readBacks - between));
      expect(device).toEqual(await proofOn(cpu, name, input));
      expect(host).toEqual(device);
    }
    expect(more).toEqual([1, 1]);
  }, 240_000);
});
