/** Opens a device with the adapter's limits, and finds out what its shaders can use. */
import type { Features } from "../../../shaders/features.ts";
import { subgroupProbe } from "../../../shaders/subgroups.wgsl.ts";
import { DeviceError } from "../../errors.ts";
import { MAP_READ, type Provider, USAGE } from "./gpu.ts";

const LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage"] as const;
/** The smallest subgroups that kernels use: a state of the sponge takes four invocations. */
const SMALLEST_SUBGROUP = 4;
/** Larger ones than this are used as several. */
const LARGEST_SUBGROUP = 32;
const [FEW_LANES, MANY_LANES] = [64, 256];
const PROBE_BYTES = 1024;

export interface OpenDevice {
  readonly device: GPUDevice;
  readonly features: Omit<Features, "slots" | "pageBits">;
}

export interface DeviceOptions {
  /** false to do without subgroup operations. */
  readonly subgroups?: boolean | undefined;
  /** Whether the device is to have timestamps. */
  readonly profile?: boolean | undefined;
  /** Limits to ask for: all that the adapter has, or those that every adapter has. */
  readonly limits?: "adapter" | "default" | undefined;
}

/** @throws DeviceError if the adapter gives no device */
export async function openDevice(adapter: GPUAdapter, provider: Provider, options: DeviceOptions): Promise<OpenDevice> {
  const { subgroups = true, limits = "adapter" } = options;
  const requiredLimits = limits === "default" ? {} : Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const smallest = Math.min(LARGEST_SUBGROUP, adapter.info.subgroupMinSize ?? 0);
  const wanted = subgroups && smallest >= SMALLEST_SUBGROUP;
  for (const features of candidates(adapter, provider, wanted)) {
    let device: GPUDevice;
    try {
      const requiredFeatures = [...features, ...(options.profile === true ? ["timestamp-query"] : [])] as GPUFeatureName[];
      device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
    } catch (cause) {
      if (features.length > 0) continue; // the adapter lacks one of them
      throw new DeviceError(`Cannot open the GPU "${adapterName(adapter)}". Use the CPU backend`, { cause });
    }
    const transcriptLanes = adapter.info.isFallbackAdapter ? FEW_LANES : MANY_LANES;
    const found = { subgroup: features.includes("subgroups") ? smallest : 0, enableSubgroups: provider !== "deno" };
    const usable = found.subgroup > 0 && (await subgroupsWork(device, found));
    return {
      device,
      features: { ...found, transcriptLanes, subgroup: usable ? found.subgroup : 0, u64: features.includes("wgpu-shader-int64") },
    };
  }
  throw new DeviceError(`Cannot open the GPU "${adapterName(adapter)}". Use the CPU backend`);
}

export function adapterName(adapter: GPUAdapter): string {
  const { description, device, vendor, architecture } = adapter.info;
  return description || device || [vendor, architecture].filter((part) => part !== "").join(" ") || "unknown adapter";
}

/** Lists of features to ask for, the best first. Deno's own WebGPU lists neither u64 nor subgroups among an adapter's features: they are asked for. */
function candidates(adapter: GPUAdapter, provider: Provider, subgroups: boolean): string[][] {
  if (provider !== "deno") return subgroups && adapter.features.has("subgroups") ? [["subgroups"], []] : [[]];
  return [...(subgroups ? [["wgpu-shader-int64", "subgroups"], ["subgroups"]] : []), ["wgpu-shader-int64"], []];
}

/** Runs the probe. */
async function subgroupsWork(device: GPUDevice, features: Pick<Features, "subgroup" | "enableSubgroups">): Promise<boolean> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: "subgroup probe", code: subgroupProbe(features) });
  const pipeline = device.createComputePipeline({ label: "subgroup probe", layout: "auto", compute: { module, entryPoint: "main" } });
  const buffer = device.createBuffer({ size: PROBE_BYTES, usage: USAGE.storage | USAGE.copySource });
  const staging = device.createBuffer({ size: PROBE_BYTES, usage: USAGE.mapRead | USAGE.copyTarget });
  try {
    if ((await device.popErrorScope()) !== null) return false;
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, PROBE_BYTES);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    return new Uint32Array(staging.getMappedRange()).every((wrong) => wrong === 0);
  } finally {
    buffer.destroy();
    staging.destroy();
  }
}
