/**
 * values[cell] = the largest of a view over the inner loops, indices[cell] = its row-major inner index, the lowest where several are; cells outside do not count.
 * An element of four cells. Alone: an invocation makes an element. Shared: a workgroup does, its lanes part the candidates.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";
import { integers } from "./integers.wgsl.ts";
import { addressOf, insideOf, type LoopForm, loopFields, unflatten, viewStructs } from "./loops.wgsl.ts";

export interface LargestForm extends LoopForm {
  readonly shared: boolean;
}

export const largest = (form: LargestForm): Kernel => ({
  name: `largest${form.shared ? ", shared" : ""}, ${form.outer} + ${form.inner} loops, checks ${form.checks.map((c) => c.length)}`,
  text: (f) => wgsl`${base(f)}
${integers}
${viewStructs(form)}
struct Parameters { count: u32, values: u32, indices: u32, candidates: u32, ${loopFields(form)} }
@group(1) @binding(0) var<storage, read> parameters: Parameters;

const NONE = -0x7fffffff;
struct Best { value: i32, index: u32 }

fn better(a: Best, b: Best) -> bool { return a.value > b.value || (a.value == b.value && a.index < b.index); }

// Among the candidates first, first + step, ..
fn best_of(flat: u32, first: u32, step: u32) -> Best {
  let p = parameters;
  ${unflatten("flat", 0, form.outer)}
  var best = Best(NONE, 0u);
  for (var j = first; j < p.candidates; j += step) {
    ${unflatten("j", form.outer, form.inner)}
    if (${insideOf(form, 0)}) {
      let value = integer(word(${addressOf(form, 0)}));
      if (value > best.value) { best = Best(value, j); }
    }
  }
  return best;
}

#if ${form.shared}
var<workgroup> lane_best: array<Best, LANES>;
#endif

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
#if ${form.shared}
  let e = flat_group(group, groups);
#else
  let e = flat_group(group, groups) * LANES + lane;
#endif
  var values = vec4i(0);
  var indices = vec4u(0u);
  for (var k = 0u; k < 4u; k++) {
    let flat = 4u * e + k;
#if ${form.shared}
    lane_best[lane] = best_of(min(flat, parameters.count - 1u), lane, LANES);
    workgroupBarrier();
    for (var span = LANES / 2u; span > 0u; span >>= 1u) {
      if (lane < span && better(lane_best[lane + span], lane_best[lane])) { lane_best[lane] = lane_best[lane + span]; }
      workgroupBarrier();
    }
    let best = lane_best[0];
    workgroupBarrier();
#else
    let best = best_of(min(flat, parameters.count - 1u), 0u, 1u);
#endif
    if (flat < parameters.count) {
      values[k] = best.value;
      indices[k] = best.index;
    }
  }
#if ${form.shared}
  let writes = lane == 0u && 4u * e < parameters.count;
#else
  let writes = 4u * e < parameters.count;
#endif
  if (writes) {
    put(parameters.values + e, residues(values));
    put(parameters.indices + e, indices);
  }
}`,
});
