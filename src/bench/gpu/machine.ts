/** What a report says about where it was made. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import type { RawDevice } from "./device.ts";

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
  "maxUniformBufferBindingSize",
  "minStorageBufferOffsetAlignment",
] as const;

/** A command's output, or null where it cannot be had. */
function output(command: string, ...parameters: string[]): string | null {
  try {
    return execFileSync(command, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 }).trim();
  } catch {
    return null;
  }
}

/** Processes that run or wait to run, on average of a minute: far above the number of cores, other work disturbed the figures. */
export function currentLoad(): number | null {
  return loadavg()[0] ?? null;
}

export function describeMachine() {
  const deno = (globalThis as { Deno?: { version: { deno: string } } }).Deno;
  return {
    date: new Date().toISOString(),
    commit: process.env.CIRCLET_COMMIT ?? output("git", "describe", "--always", "--dirty", "--exclude=*"),
    runtime: deno === undefined ? `node ${process.version}` : `deno ${deno.version.deno}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAtStart: currentLoad(),
    nvidiaSmi: output(
      "nvidia-smi",
      "--query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit",
      "--format=csv,noheader",
    ),
  };
}

/** `smi`: what nvidia-smi says, the only one to know a card's name with every provider. */
export function describeAdapter(raw: RawDevice, smi: string | null): Record<string, unknown> {
  const { info, limits, features } = raw.adapter;
  const { vendor, architecture, device, description } = info;
  const subgroups = info as { subgroupMinSize?: number; subgroupMaxSize?: number };
  return {
    adapter: (raw.isCpu ? undefined : smi?.split(",")[0]) || description || device || vendor || "unknown adapter",
    adapterKind: raw.isCpu ? "CPU: an implementation of WebGPU in software" : "GPU",
    adapterInfo: {
      vendor,
      architecture,
      device,
      description,
      subgroups: [subgroups.subgroupMinSize ?? null, subgroups.subgroupMaxSize ?? null],
    },
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
    features: [...features].sort(),
    u64: raw.u64,
  };
}
