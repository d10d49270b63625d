/** What the adapter is: limits, the largest buffers, latencies, cost of a dispatch, timestamps. */
import { MAP_READ, openGpu, USAGE } from "../../backend/webgpu/gpu.ts";
import { type Context, type Part, round } from "./context.ts";
import { RawDevice } from "./device.ts";
import { extensionRate, largestCopy, permutationSeconds } from "./rates.ts";
import { median } from "./timing.ts";

const MIB = 2 ** 20;
const LATENCY_REPEATS = 30;
const ROUNDS = 24;

export const probe: Part = {
  name: "probe",
  run: async (context) => {
    const { raw } = context;
    await buffers(context);
    await latencies(context);
    const one = await permutationSeconds(raw, 1, 64);
    context.add({ figure: "sponge permutation, one workgroup, dependent", microseconds: round(1e6 * one) });
    const many = raw.isCpu ? 2 ** 6 : 2 ** 14;
    const perSecond = (64 * many) / (await permutationSeconds(raw, many, 4));
    context.add({ figure: "permutations, all invocations", perSecond: round(perSecond) });
    context.add({ figure: "products in K", perSecond: round(await extensionRate(raw)) });
    for (const bits of raw.isCpu ? [20, 24, 27] : [20, 24, 27, 30]) {
      if (2 ** bits > largestCopy(raw)) break;
      if (context.skip("copies")) return;
      context.add({
        figure: `copy kernel, ${2 ** bits / MIB} MiB read and written`,
        bytesPerSecond: round(await context.rates.copy(2 ** bits)),
      });
    }
    await timestamps(context);
  },
};

/** Creates, writes at the end of and reads from buffers of growing size; on CPU adapters only what fits beside everything else. */
async function buffers({ raw, add }: Context): Promise<void> {
  const largest = raw.adapter.limits.maxBufferSize;
  for (const bytes of [300 * MIB, 1945 * MIB, 3993 * MIB, 8192 * MIB]) {
    const figure = `buffer of ${bytes / MIB} MiB`;
    if (bytes > largest) {
      add({ figure, outcome: `over maxBufferSize, ${largest}` });
      continue;
    }
    if (raw.isCpu && bytes > 300 * MIB) {
      add({ figure, outcome: "not tried on a CPU adapter" });
      continue;
    }
    raw.device.pushErrorScope("out-of-memory");
    raw.device.pushErrorScope("validation");
    const start = performance.now();
    let outcome = "works";
    let buffer: GPUBuffer | null = null;
    try {
      buffer = raw.buffer(bytes);
      raw.device.queue.writeBuffer(buffer, bytes - 4, Uint32Array.of(12345));
      await raw.device.queue.onSubmittedWorkDone();
    } catch (error) {
      outcome = String(error);
    }
    const errors = [await raw.device.popErrorScope(), await raw.device.popErrorScope()];
    for (const error of errors) if (error !== null) outcome = error.message;
    buffer?.destroy();
    add({ figure, outcome, milliseconds: round(performance.now() - start) });
  }
}

async function latencies({ raw, add }: Context): Promise<void> {
  const { device } = raw;
  const buffer = raw.buffer(256);
  const staging = device.createBuffer({ size: 256, usage: USAGE.mapRead | USAGE.copyTarget });
  const pipeline = raw.pipeline(`
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) { a[lane] = (a[lane] * 3u + 1u) | 1u; }`);
  const group = raw.bind(pipeline, [buffer]);
  const record = (rounds: number): void => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let k = 0; k < rounds; k++) pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, 256);
    device.queue.submit([encoder.finish()]);
  };
  const readBack = async (): Promise<void> => {
    await staging.mapAsync(MAP_READ);
    if (new Uint32Array(staging.getMappedRange())[0] === 0) throw new Error("a dispatch did nothing");
    staging.unmap();
  };
  const time = async (body: () => Promise<void>): Promise<number> => {
    const samples: number[] = [];
    for (let k = 0; k <= LATENCY_REPEATS; k++) {
      const start = performance.now();
      await body();
      if (k > 0) samples.push(performance.now() - start);
    }
    return median(samples);
  };
  const one = await time(async () => {
    record(1);
    await readBack();
  });
  add({ figure: "dispatch, copy, submit, map, read", milliseconds: round(one) });
  const together = await time(async () => {
    record(ROUNDS);
    await readBack();
  });
  add({ figure: `${ROUNDS} dependent rounds, one submission`, milliseconds: round(together) });
  const apart = await time(async () => {
    for (let k = 0; k < ROUNDS; k++) {
      record(1);
      await readBack();
      device.queue.writeBuffer(buffer, 0, Uint32Array.of(k));
    }
  });
  add({ figure: `${ROUNDS} rounds, read-back and write each`, milliseconds: round(apart) });
  const { seconds } = await raw.time(pipeline, [group], 1);
  add({ figure: "dependent tiny dispatch", microseconds: round(1e6 * seconds) });
  const submits = await time(async () => {
    for (let k = 0; k < 100; k++) record(1);
    await device.queue.onSubmittedWorkDone();
  });
  add({ figure: "submission of one tiny dispatch", microseconds: round(10 * submits) });
  buffer.destroy();
  staging.destroy();
}

/** The grain of timestamps: the largest step that divides all differences seen. */
async function timestamps(context: Context): Promise<void> {
  const { raw, add, options } = context;
  if (!raw.adapter.features.has("timestamp-query")) {
    add({ figure: "timestamps", outcome: "the adapter has none" });
    return;
  }
  const gpu = await openGpu(options.provider, false);
  const timed = await RawDevice.from(gpu, options.provider, ["timestamp-query"]);
  const COUNT = 32;
  const queries = timed.device.createQuerySet({ type: "timestamp", count: 2 * COUNT });
  const resolved = timed.device.createBuffer({ size: 16 * COUNT, usage: 0x200 | USAGE.copySource });
  const work = timed.buffer(2 ** 20);
  const pipeline = timed.pipeline(`
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { a[id.x] = a[id.x] * 3u + 1u; }`);
  const group = timed.bind(pipeline, [work]);
  const encoder = timed.device.createCommandEncoder();
  for (let k = 0; k < COUNT; k++) {
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 2 * k, endOfPassWriteIndex: 2 * k + 1 },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1 + 97 * k);
    pass.end();
  }
  encoder.resolveQuerySet(queries, 0, 2 * COUNT, resolved, 0);
  timed.device.queue.submit([encoder.finish()]);
  const words = await timed.read(resolved, 16 * COUNT);
  const ticks = Array.from({ length: 2 * COUNT }, (_, k) => (BigInt(words[2 * k + 1] ?? 0) << 32n) | BigInt(words[2 * k] ?? 0));
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
  const grain = ticks
    .slice(1)
    .reduce((g, tick, k) => gcd(g, tick > (ticks[k] ?? 0n) ? tick - (ticks[k] ?? 0n) : (ticks[k] ?? 0n) - tick), 0n);
  add({ figure: "timestamps", grainNanoseconds: Number(grain), spanNanoseconds: Number((ticks.at(-1) ?? 0n) - (ticks[0] ?? 0n)) });
  timed.close();
}
