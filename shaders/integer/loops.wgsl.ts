/**
 * Loops and views in kernels. A view's word address is base + sum_k i_k steps_k over the loop indices i_0, i_1, ..; where a coordinate offset + sum_k i_k steps_k can
 * leave [0, size), a check says whether it does. All arithmetic is modulo 2^32, so a negative coordinate is a large one.
 *
 * Fields of Parameters: sizes, one a loop; then a View for each view: base, steps, checks (size, offset, steps).
 */

/** What the text depends on: how many loops make a cell, how many run for each cell, and how many checks every view needs. */
export interface LoopForm {
  readonly outer: number;
  readonly inner: number;
  readonly checks: readonly number[];
}

const all = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

/** The structs of the views. */
export function viewStructs({ outer, inner, checks }: LoopForm): string {
  const steps = `steps: array<u32, ${outer + inner}>`;
  const views = checks.map((n, v) => `struct View${v} { base: u32, ${steps}${n > 0 ? `, checks: array<Check, ${n}>` : ""} }`);
  return [`struct Check { size: u32, offset: u32, ${steps} }`, ...views].join("\n");
}

/** Their fields in Parameters, of which `p` is a copy. */
export function loopFields({ outer, inner, checks }: LoopForm): string {
  return [`sizes: array<u32, ${outer + inner}>`, ...checks.map((_, v) => `view${v}: View${v}`)].join(", ");
}

/** Statements that make the indices of loops first .. first + count - 1 of a flat index. */
export function unflatten(flat: string, first: number, count: number): string {
  const lines = [`var rest_${first} = ${flat};`];
  for (let k = first + count - 1; k > first; k--)
    lines.push(`let i${k} = rest_${first} % p.sizes[${k}];`, `rest_${first} = rest_${first} / p.sizes[${k}];`);
  lines.push(`let i${first} = rest_${first};`);
  return lines.join("\n");
}

/** `body` inside loops over the indices first .. first + count - 1. */
export function nested(first: number, count: number, body: string): string {
  const heads = all(count).map((k) => `for (var i${first + k} = 0u; i${first + k} < p.sizes[${first + k}]; i${first + k}++) {`);
  return `${heads.join(" ")}\n${body}\n${"}".repeat(count)}`;
}

/** The word address of a view at the loop indices. */
export function addressOf(form: LoopForm, view: number): string {
  return `(p.view${view}.base${affine(form, `p.view${view}`)})`;
}

/** Whether a view is inside at the loop indices. */
export function insideOf(form: LoopForm, view: number): string {
  const checks = all(form.checks[view] ?? 0).map((c) => `p.view${view}.checks[${c}]`);
  return checks.length === 0 ? "true" : checks.map((c) => `${c}.offset${affine(form, c)} < ${c}.size`).join(" && ");
}

/** Statements that declare `name` as the integer of a view, 0 outside. */
export function readCell(form: LoopForm, view: number, name: string): string {
  const value = `integer(word(${addressOf(form, view)}))`;
  if ((form.checks[view] ?? 0) === 0) return `let ${name} = ${value};`;
  return `var ${name} = 0;\nif (${insideOf(form, view)}) { ${name} = ${value}; }`;
}

function affine({ outer, inner }: LoopForm, steps: string): string {
  return all(outer + inner)
    .map((k) => ` + i${k} * ${steps}.steps[${k}]`)
    .join("");
}
