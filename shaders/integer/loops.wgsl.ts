/**
 * Loops and views in kernels. A view's word address is base + sum_k i_k steps_k over the loop indices i_0, i_1, ..; where a coordinate offset + sum_k i_k steps_k can
 * leave [0, size), a check says whether it does. All arithmetic is modulo 2^32, so a negative coordinate is a large one.
 *
 * Fields of Parameters: sizes, one a loop; then a View for each view: base, steps, checks (size, offset, steps).
 */

/** What the text depends on: how many loops make a cell, how many run for each cell, and for every view the last loop that each of its checks depends on. */
export interface LoopForm {
  readonly outer: number;
  readonly inner: number;
  readonly checks: readonly (readonly number[])[];
}

/** A condition, and the last loop that it depends on. */
export interface Condition {
  readonly text: string;
  readonly last: number;
}

const all = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

/** The structs of the views. */
export function viewStructs({ outer, inner, checks }: LoopForm): string {
  const steps = `steps: array<u32, ${outer + inner}>`;
  const views = checks.map(
    ({ length }, v) => `struct View${v} { base: u32, ${steps}${length > 0 ? `, checks: array<Check, ${length}>` : ""} }`,
  );
  return [`struct Check { size: u32, offset: u32, ${steps} }`, ...views].join("\n");
}

/** Their fields in Parameters, of which `p` is a copy. */
export function loopFields({ outer, inner, checks }: LoopForm): string {
  return [`sizes: array<u32, ${outer + inner}>`, ...checks.map((_, v) => `view${v}: View${v}`)].join(", ");
}

/** Statements that make the indices of loops first .. first + count - 1 of a flat index. */
export function unflatten(flat: string, first: number, count: number): string {
  const lines: string[] = [];
  let rest = flat;
  for (let k = first + count - 1; k > first; k--) {
    lines.push(`let rest${k} = ${rest} / p.sizes[${k}]; // divides: sizes are any`, `let i${k} = ${rest} - rest${k} * p.sizes[${k}];`);
    rest = `rest${k}`;
  }
  lines.push(`let i${first} = ${rest};`);
  return lines.join("\n");
}

/** `body` inside loops over the indices first .. first + count - 1, where all conditions hold; each is asked as early as can be. */
export function nested(first: number, count: number, conditions: readonly Condition[], body: string): string {
  let text = body;
  for (let k = first + count - 1; k >= first; k--) {
    text = onlyIf(
      conditions.filter((c) => c.last === k),
      text,
    );
    text = `for (var i${k} = 0u; i${k} < p.sizes[${k}]; i${k}++) {\n${text}\n}`;
  }
  return onlyIf(
    conditions.filter((c) => c.last < first),
    text,
  );
}

/** `body` if all conditions hold. */
export function onlyIf(conditions: readonly Condition[], body: string): string {
  return conditions.length === 0 ? body : `if (${conditions.map((c) => c.text).join(" && ")}) {\n${body}\n}`;
}

/** The word address of a view at the loop indices. */
export function addressOf(form: LoopForm, view: number): string {
  return `(p.view${view}.base${affine(form.outer + form.inner, `p.view${view}`)})`;
}

/** What makes a view inside at the loop indices. */
export function conditionsOf({ checks }: LoopForm, view: number): Condition[] {
  return (checks[view] ?? []).map((last, c) => {
    const check = `p.view${view}.checks[${c}]`;
    return { text: `${check}.offset${affine(last + 1, check)} < ${check}.size`, last };
  });
}

/** Whether a view is inside at the loop indices. */
export function insideOf(form: LoopForm, view: number): string {
  const conditions = conditionsOf(form, view);
  return conditions.length === 0 ? "true" : conditions.map((c) => c.text).join(" && ");
}

/** Statements that declare `name` as the integer of a view, 0 outside. */
export function readCell(form: LoopForm, view: number, name: string): string {
  const conditions = conditionsOf(form, view);
  if (conditions.length === 0) return `let ${name} = ${insideCell(form, view)};`;
  return `var ${name} = 0;\n${onlyIf(conditions, `${name} = ${insideCell(form, view)};`)}`;
}

/** The integer of a view that is inside. */
export function insideCell(form: LoopForm, view: number): string {
  return `integer(word(${addressOf(form, view)}))`;
}

function affine(loops: number, steps: string): string {
  return all(loops)
    .map((k) => ` + i${k} * ${steps}.steps[${k}]`)
    .join("");
}
