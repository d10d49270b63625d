/**
 * Kernels that can also be steps of the transcript's program: there one workgroup runs them on few entries without a dispatch of their own.
 *
 * Their bodies read arguments from argument(at) on; the first one is the number of indices.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { argumentList } from "./arguments.wgsl.ts";
import { m31 } from "./field/m31.wgsl.ts";
import { qm31 } from "./field/qm31.wgsl.ts";
import { base, type Features, type Kernel } from "./kernel.ts";
import { reduce } from "./reduce.wgsl.ts";

/** Something for every index: `body` declares fn `call`(at: u32, i: u32). */
export interface Step extends Kernel {
  readonly call: string;
  readonly body: string;
  /** What the body needs beside memory, fields and arguments; equal texts are declared once. */
  readonly needs: string;
}

/** Sums in K over all indices: `body` declares fn `call`(at: u32, first: u32, stride: u32) -> array<vec4u, outputs>. Argument 1 is where partial sums go. */
export interface SumStep extends Step {
  readonly outputs: number;
}

/** One line for each of `count` values: an index that is written out keeps an array in registers. */
export function each(count: number, line: (k: number) => string): string {
  return Array.from({ length: count }, (_, k) => line(k)).join("\n");
}

const prelude = (f: Features): string => `${base(f)}\n${m31(f)}\n${qm31}\n${argumentList}`;

/** A step and the kernel with one invocation an index. */
export function step(name: string, call: string, body: string): Step {
  return {
    name,
    call,
    body,
    needs: "",
    text: (f) => wgsl`${prelude(f)}
${body}
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i < argument(0u)) { ${call}(0u, i); }
}`,
  };
}

/** A step that sums, and the kernel that writes partial[d, workgroup]. */
export function sumStep(name: string, call: string, outputs: number, body: string, needs = ""): SumStep {
  return {
    name,
    call,
    body,
    needs,
    outputs,
    text: (f) => wgsl`${prelude(f)}
${reduce(f)}
${needs}
${body}
fn put_partial(lane: u32, e: u32, value: vec4u) {
  let total = sum_over_lanes(lane, value);
  if (lane == 0u) { put(e, total); }
}
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
  let count = group_count(groups);
  let sums = ${call}(0u, g * LANES + lane, count * LANES);
${each(outputs, (d) => `  put_partial(lane, argument(1u) + ${d}u * count + g, sums[${d}]);`)}
}`,
  };
}
