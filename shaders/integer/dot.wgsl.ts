/**
 * out[cell] = initial + sum over the inner loops of the product of the factors, exact in i32. The views are the factors, then the initial value if there is one,
 * read where the inner indices are 0.
 *
 * Alone: an invocation makes a cell, a workgroup 16 elements of four cells. Shared: a workgroup makes one element, its lanes part the sums, so that long sums of
 * few cells keep a device busy and neighbours read neighbouring weights.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";
import { integers } from "./integers.wgsl.ts";
import { conditionsOf, insideCell, type LoopForm, loopFields, nested, onlyIf, readCell, unflatten, viewStructs } from "./loops.wgsl.ts";

export interface DotForm extends LoopForm {
  readonly factors: number;
  readonly shared: boolean;
}

export const dot = (form: DotForm): Kernel => {
  const { outer, inner, factors, shared, checks } = form;
  const terms = Array.from({ length: factors }, (_, v) => v);
  const conditions = terms.flatMap((v) => conditionsOf(form, v));
  const summand = `sum += ${terms.map((v) => insideCell(form, v)).join(" * ")};`;
  const zeros = Array.from({ length: inner }, (_, k) => `let i${outer + k} = 0u;`).join("\n");
  return {
    name: `dot of ${factors}${shared ? ", shared" : ""}, ${outer} + ${inner} loops, checks ${checks.map((c) => c.length)}`,
    text: (f) => wgsl`${base(f)}
${integers}
${viewStructs(form)}
struct Parameters { count: u32, dst: u32, summed: u32, ${loopFields(form)} }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

fn initial(flat: u32) -> i32 {
  let p = parameters;
#if ${checks.length > factors}
  ${unflatten("flat", 0, outer)}
  ${zeros}
  ${readCell(form, factors, "value")}
  return value;
#else
  return 0;
#endif
}

// The summands first, first + step, .. of a cell.
fn partial(flat: u32, first: u32, step: u32) -> i32 {
  let p = parameters;
  ${unflatten("flat", 0, outer)}
  var sum = 0;
#if ${shared}
  for (var j = first; j < p.summed; j += step) {
    ${unflatten("j", outer, inner)}
    ${onlyIf(conditions, summand)}
  }
#else
  ${nested(outer, inner, conditions, summand)}
#endif
  return sum;
}

#if ${shared}
var<workgroup> lane_sums: array<vec4i, LANES>;
#else
var<workgroup> lane_cells: array<u32, LANES>;
#endif

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let g = flat_group(group, groups);
#if ${shared}
  var sums = vec4i(0);
  for (var k = 0u; k < 4u; k++) {
    let flat = 4u * g + k;
    if (flat < parameters.count) {
      sums[k] = partial(flat, lane, LANES);
      if (lane == 0u) { sums[k] += initial(flat); }
    }
  }
  lane_sums[lane] = sums;
  workgroupBarrier();
  for (var span = LANES / 2u; span > 0u; span >>= 1u) {
    if (lane < span) { lane_sums[lane] += lane_sums[lane + span]; }
    workgroupBarrier();
  }
  if (lane == 0u && 4u * g < parameters.count) { put(parameters.dst + g, residues(lane_sums[0])); }
#else
  let flat = g * LANES + lane;
  var cell = 0u;
  if (flat < parameters.count) { cell = residue(initial(flat) + partial(flat, 0u, 1u)); }
  lane_cells[lane] = cell;
  workgroupBarrier();
  let e = g * (LANES / 4u) + lane;
  if (lane < LANES / 4u && 4u * e < parameters.count) {
    put(parameters.dst + e, vec4u(lane_cells[4u * lane], lane_cells[4u * lane + 1u], lane_cells[4u * lane + 2u], lane_cells[4u * lane + 3u]));
  }
#endif
}`,
  };
};
