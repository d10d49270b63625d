/** The adapter's own rates: a plain copy of 16 bytes an invocation, and products in M31 and K, Poseidon2 permutations. Each result is checked. */
import type { Features } from "../../../shaders/features.ts";
import { m31 } from "../../../shaders/field/m31.wgsl.ts";
import { qm31 } from "../../../shaders/field/qm31.wgsl.ts";
import { poseidon2 } from "../../../shaders/hash/poseidon2.wgsl.ts";
import { USAGE } from "../../backend/webgpu/gpu.ts";
import { P } from "../../field/m31.ts";
import { permute } from "../../hash/poseidon2.ts";
import { WIDTH_16 } from "../../hash/poseidon2-constants.ts";
import type { Rates } from "./context.ts";
import type { RawDevice } from "./device.ts";
import { randomWords } from "./words.ts";

const LANES = 256;
const LARGEST_COPY = 2 ** 30;
/** Products in one invocation, in each of four lanes. */
export const CHAIN = 64;

/** The largest copy that is measured, in bytes read and written: a power of two. */
export function largestCopy(raw: RawDevice): number {
  return 2 ** Math.floor(Math.log2(Math.min(LARGEST_COPY, 2 * raw.adapter.limits.maxStorageBufferBindingSize)));
}

/** Bytes read and written a second by b = a, `bytes` in all. */
export async function copyRate(raw: RawDevice, bytes: number): Promise<number> {
  const entries = Math.max(LANES, bytes / 32);
  const pipeline = raw.pipeline(`
@group(0) @binding(0) var<storage, read> a: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> b: array<vec4u>;
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * ${LANES}u + lane;
  if (i < ${entries}u) { b[i] = a[i]; }
}`);
  const words = randomWords(4 * LANES, 1);
  const [a, b] = [raw.buffer(16 * entries), raw.buffer(16 * entries)];
  raw.device.queue.writeBuffer(a, 16 * (entries - LANES), words);
  raw.device.queue.writeBuffer(a, 0, words);
  const { seconds } = await raw.time(pipeline, [raw.bind(pipeline, [a, b])], entries / LANES);
  const copied = await raw.read(b, 16 * LANES);
  if (copied.some((word, k) => word !== words[k])) throw new Error("the copy kernel copied wrongly");
  a.destroy();
  b.destroy();
  return (32 * entries) / seconds;
}

export type ProductVariant = "split" | "u64";

const features = (u64: boolean): Features => ({ slots: 1, pageBits: 20, u64, subgroup: 0, transcriptLanes: 256, enableSubgroups: false });

/** M31 products a second: four chains an invocation. */
export async function productRate(raw: RawDevice, variant: ProductVariant): Promise<number> {
  const entries = raw.isCpu ? 2 ** 14 : 2 ** 20;
  const pipeline = raw.pipeline(`${m31(features(variant === "u64"))}
@group(0) @binding(0) var<storage, read_write> a: array<vec4u>;
@compute @workgroup_size(${LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  var x = a[id.x];
  for (var j = 0u; j < ${CHAIN}u; j++) { x = m31x4_mul(x, x ^ vec4u(j)); }
  a[id.x] = x;
}`);
  const words = randomWords(4 * entries, 2);
  const buffer = raw.upload(words);
  const group = [raw.bind(pipeline, [buffer])];
  raw.dispatch(pipeline, group, entries / LANES, 1);
  const got = await raw.read(buffer, 64);
  for (const [k, word] of got.entries()) if (word !== chain(words[k] ?? 0)) throw new Error(`a ${variant} product is wrong`);
  const { seconds } = await raw.time(pipeline, group, entries / LANES);
  buffer.destroy();
  return (4 * entries * CHAIN) / seconds;
}

function chain(word: number): number {
  let x = word;
  for (let j = 0; j < CHAIN; j++) x = Number((BigInt(x) * BigInt(x ^ j)) % BigInt(P));
  return x;
}

/** Products in K a second. */
export async function extensionRate(raw: RawDevice): Promise<number> {
  const entries = raw.isCpu ? 2 ** 13 : 2 ** 20;
  const pipeline = raw.pipeline(`${m31(features(raw.u64))}
${qm31}
@group(0) @binding(0) var<storage, read_write> a: array<vec4u>;
@compute @workgroup_size(${LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  var x = a[id.x];
  let y = x;
  for (var j = 0u; j < ${CHAIN}u; j++) { x = qm31_mul(x, y); }
  a[id.x] = x;
}`);
  const buffer = raw.upload(randomWords(4 * entries, 3));
  const { seconds } = await raw.time(pipeline, [raw.bind(pipeline, [buffer])], entries / LANES);
  const got = await raw.read(buffer, 64);
  if (got.some((word) => word === 0 || word >= P)) throw new Error("a product in K is not canonical");
  buffer.destroy();
  return (entries * CHAIN) / seconds;
}

/** Seconds of one permutation after the other, `groups` workgroups of 64 invocations with a state each. */
export async function permutationSeconds(raw: RawDevice, groups: number, rounds: number): Promise<number> {
  const pipeline = raw.pipeline(`${m31(features(raw.u64))}
${poseidon2}
@group(0) @binding(0) var<storage, read_write> states: array<vec4u>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = 4u * ((group.y * groups.x + group.x) * 64u + lane);
  var s = State(states[i], states[i + 1u], states[i + 2u], states[i + 3u]);
  for (var k = 0u; k < ${rounds}u; k++) { s = permute(s); }
  states[i] = s.a;
  states[i + 1u] = s.b;
  states[i + 2u] = s.c;
  states[i + 3u] = s.d;
}`);
  const constants = new Uint32Array(36 * 4);
  constants.set(WIDTH_16.initial, 0);
  constants.set(WIDTH_16.internal, 64);
  constants.set(WIDTH_16.final, 80);
  const words = randomWords(16 * 64 * groups, 4);
  const states = raw.upload(words);
  const table = raw.upload(constants, USAGE.uniform | USAGE.copyTarget);
  const bound = [raw.bind(pipeline, [states]), raw.bind(pipeline, [table], 1, 2)];
  raw.dispatch(pipeline, bound, groups, 1);
  const expected = words.slice(0, 16);
  for (let k = 0; k < rounds; k++) permute(expected);
  const got = await raw.read(states, 64);
  if (got.some((word, k) => word !== expected[k])) throw new Error("a permutation is wrong");
  const { seconds } = await raw.time(pipeline, bound, groups);
  states.destroy();
  table.destroy();
  return seconds / rounds;
}

/** Rates measured when they are first asked for. */
export function lazyRates(raw: RawDevice): Rates {
  const copies = new Map<number, Promise<number>>();
  let products: Promise<number> | null = null;
  return {
    copy: (bytes) => {
      const size = Math.min(largestCopy(raw), 2 ** Math.max(16, Math.round(Math.log2(bytes))));
      const known = copies.get(size) ?? copyRate(raw, size);
      copies.set(size, known);
      return known;
    },
    products: () => {
      products ??= (async () => Math.max(await productRate(raw, "split"), raw.u64 ? await productRate(raw, "u64") : 0))();
      return products;
    },
  };
}
