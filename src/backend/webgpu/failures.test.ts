/** Every way in which a device can fail: a sentence that says what to do, and the CPU backend's proof where that may take over. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { commit, type Key, prove } from "../../api.ts";
import { DeviceError } from "../../errors.ts";
import { loadModel } from "../../model/load.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import type { Backend } from "../backend.ts";
import { cpuBackend } from "../cpu/index.ts";
import { firstBackend } from "../fallback.ts";
import { openGpu } from "./gpu.ts";
import { type WebGpuOptions, webgpuBackend } from "./index.ts";

const TEXT = "un texte en français";
const openCpu = () => cpuBackend({ threads: 1 });

/** Puts `change` between the backend and Dawn: it sees every adapter, and gives the one to use. */
function lend(change: (adapter: GPUAdapter) => GPUAdapter | null): void {
  const requestAdapter = async (options: GPURequestAdapterOptions) => {
    const adapter = await (await openGpu("dawn", true)).requestAdapter(options);
    return adapter === null ? null : change(adapter);
  };
  vi.stubGlobal("navigator", { gpu: { requestAdapter } });
}

/** An adapter like the given one that opens devices in another way. */
function opening(adapter: GPUAdapter, requestDevice: GPUAdapter["requestDevice"]): GPUAdapter {
  const { limits, features, info } = adapter;
  return { limits, features, info, requestDevice } as unknown as GPUAdapter;
}

const lent: WebGpuOptions = { adapter: "navigator" };

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("opening the WebGPU backend", () => {
  it("says that there is no WebGPU", async () => {
    vi.stubGlobal("navigator", {});
    await expect(webgpuBackend(lent)).rejects.toThrow(/^Cannot find WebGPU: .* Use the CPU backend$/);
  });

  it("says that there is no adapter", async () => {
    vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => null } });
    await expect(webgpuBackend(lent)).rejects.toThrow(/^Cannot find a GPU adapter: .* Use the CPU backend$/);
    await expect(webgpuBackend(lent)).rejects.toThrow(DeviceError);
  });
});

await describeWithGpu("the WebGPU backend, failing", () => {
  let key: Key;
  let expected: Uint8Array;
  beforeAll(async () => {
    const backend = await openCpu();
    key = await commit(await loadModel("lande"), { backend });
    expected = (await prove(key, TEXT, { backend })).proof;
    await backend.close();
  });

  /** Proves on `open`'s backend, which must fail with `message`, then with the CPU backend behind it, which must prove. */
  async function failsAndFallsBack(open: () => Promise<Backend>, message: RegExp, onPhase: (phase: string) => void = () => undefined) {
    const onProgress = ({ phase }: { phase: string }) => onPhase(phase);
    const alone = async () => {
      const backend = await open();
      await prove(key, TEXT, { backend, onProgress }).finally(() => backend.close());
    };
    const error = await alone().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeviceError);
    expect((error as Error).message).toMatch(message);
    const told: string[] = [];
    const backend = await firstBackend([open, openCpu], (e, next) => told.push(`${e.message} -> ${next.name}`));
    const { proof, report } = await prove(key, TEXT, { backend, onProgress });
    await backend.close();
    expect(proof).toEqual(expected);
    expect(report.backend).toMatch(/^cpu/);
    expect(report.device).toBeNull();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(message);
  }

  it("takes a missing adapter", async () => {
    lend(() => null);
    await failsAndFallsBack(() => webgpuBackend(lent), /Cannot find a GPU adapter/);
  });

  it("takes limits that the device does not give", async () => {
    lend((adapter) => opening(adapter, () => Promise.reject(new TypeError("maxBufferSize exceeds the device's"))));
    await failsAndFallsBack(() => webgpuBackend(lent), /^Cannot open the GPU ".*Use the CPU backend/);
  });

  it("takes memory that has no room for a page, or for the proof", async () => {
    await failsAndFallsBack(() => webgpuBackend({ maxBytes: 1000 }), /^Cannot work in 1000 bytes of device memory.*the CPU backend/);
    const small = { robustness: true, pageBytes: 2 ** 17, maxBytes: 2 ** 18 };
    await failsAndFallsBack(() => webgpuBackend(small), /^Cannot place .* on the device: at most 1 MiB .* or the CPU backend/);
  });

  it.each(["commit", "look up"])("takes the loss of the device in the phase %s", async (phase) => {
    const devices: GPUDevice[] = [];
    lend((adapter) =>
      opening(adapter, async (descriptor) => {
        const device = await adapter.requestDevice(descriptor);
        devices.push(device);
        return device;
      }),
    );
    const onPhase = (now: string) => now === phase && devices.at(-1)?.destroy();
    await failsAndFallsBack(() => webgpuBackend(lent), /Open the backend again, or prove on the CPU backend/, onPhase);
    expect(devices).toHaveLength(2);
  });
});
