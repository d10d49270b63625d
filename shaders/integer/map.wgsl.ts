/**
 * Several functions of several views, cell by cell; an invocation makes an element of four cells of each. The functions are straight-line code in the text;
 * their constants are parameters, so that layers of the same form share a kernel.
 *
 * Parameters: count, sizes and views; (address, length) of every table; constants; then an element address for each output.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { base, type Kernel } from "../kernel.ts";
import { integers } from "./integers.wgsl.ts";
import { insideOf, type LoopForm, loopFields, readCell, unflatten, viewStructs } from "./loops.wgsl.ts";

/** One value, made of values before it; `constant`, and the amount of a shift or a division, is a place among the constants. */
export type Step =
  | { readonly kind: "cell" | "inside"; readonly view: number }
  | { readonly kind: "constant"; readonly constant: number }
  | { readonly kind: "index"; readonly of: number }
  | { readonly kind: "shift" | "divide"; readonly value: number; readonly constant: number }
  | { readonly kind: "entry"; readonly value: number; readonly table: number }
  | { readonly kind: keyof typeof BINARY; readonly left: number; readonly right: number };

export interface MapForm extends LoopForm {
  readonly tables: number;
  readonly constants: number;
  readonly steps: readonly Step[];
  /** The step whose value is written, for every output. */
  readonly outputs: readonly number[];
}

const BINARY = {
  add: (a: string, b: string) => `${a} + ${b}`,
  subtract: (a: string, b: string) => `${a} - ${b}`,
  multiply: (a: string, b: string) => `${a} * ${b}`,
  least: (a: string, b: string) => `min(${a}, ${b})`,
  greatest: (a: string, b: string) => `max(${a}, ${b})`,
  less: (a: string, b: string) => `select(0, 1, ${a} < ${b})`,
  equal: (a: string, b: string) => `select(0, 1, ${a} == ${b})`,
};

export const BINARIES = Object.keys(BINARY) as (keyof typeof BINARY)[];

export const map = (form: MapForm): Kernel => ({
  name: `map of ${form.checks.length} to ${form.outputs.length} in ${form.steps.length} steps`,
  text: (f) => wgsl`${base(f)}
${integers}
${viewStructs(form)}
struct Table { address: u32, length: u32 }
struct Parameters {
  count: u32, ${loopFields(form)},
#if ${form.tables > 0}
  tables: array<Table, ${form.tables}>,
#endif
#if ${form.constants > 0}
  constants: array<i32, ${form.constants}>,
#endif
  outputs: array<u32, ${form.outputs.length}>
}
@group(1) @binding(0) var<storage, read> parameters: Parameters;

fn entry(table: Table, index: i32) -> i32 {
  let i = bitcast<u32>(index);
  return select(0, integer(word(table.address + min(i, table.length - 1u))), i < table.length);
}

// floor(a / b), b >= 1; a / b rounds towards 0.
fn floor_quotient(a: i32, b: i32) -> i32 {
  let q = a / b; // divides: by a size of a window
  return q - select(0, 1, q * b > a);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let p = parameters;
  let e = flat_group(group, groups) * LANES + lane;
  if (4u * e >= p.count) { return; }
  ${form.outputs.map((_, o) => `var out${o} = vec4u(0u);`).join("\n  ")}
  for (var k = 0u; k < 4u; k++) {
    let flat = 4u * e + k;
    if (flat >= p.count) { break; }
    ${unflatten("flat", 0, form.outer)}
    ${form.steps.map((step, s) => statement(form, step, `v${s}`)).join("\n    ")}
    ${form.outputs.map((s, o) => `out${o}[k] = residue(v${s});`).join("\n    ")}
  }
  ${form.outputs.map((_, o) => `put(p.outputs[${o}] + e, out${o});`).join("\n  ")}
}`,
});

function statement(form: MapForm, step: Step, name: string): string {
  switch (step.kind) {
    case "cell":
      return readCell(form, step.view, name);
    case "inside":
      return `let ${name} = select(0, 1, ${insideOf(form, step.view)});`;
    case "constant":
      return `let ${name} = p.constants[${step.constant}];`;
    case "index":
      return `let ${name} = i32(i${step.of});`;
    case "shift":
      return `let ${name} = v${step.value} >> u32(p.constants[${step.constant}]);`;
    case "divide":
      return `let ${name} = floor_quotient(v${step.value}, p.constants[${step.constant}]);`;
    case "entry":
      return `let ${name} = entry(p.tables[${step.table}], v${step.value});`;
    default:
      return `let ${name} = ${BINARY[step.kind](`v${step.left}`, `v${step.right}`)};`;
  }
}
