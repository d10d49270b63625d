/** Loops and views as kernels take them: a word address and a step a loop, checks only where a coordinate can leave its tensor, few loops. */
import type { LoopForm } from "../../../shaders/integer/loops.wgsl.ts";
import type { View } from "../../tensor/integers.ts";
import type { Column } from "../backend.ts";
import { wordsOf } from "./column.ts";

interface Check {
  readonly size: number;
  readonly offset: number;
  readonly steps: readonly number[];
}

interface FlatView {
  readonly base: number;
  readonly steps: readonly number[];
  readonly checks: readonly Check[];
}

export interface Loops {
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly views: readonly FlatView[];
}

/** Loops over `outer`, and for each over `inner`: at least one outer loop. Loops keep their numbers, unless `outer` is empty. */
export function loopsOf(outer: readonly number[], inner: readonly number[], views: readonly View<Column>[]): Loops {
  const sizes = [...outer, ...inner];
  const flat = views.map((view) => flatView(view, sizes));
  if (outer.length > 0) return { outer, inner, views: flat };
  const once = <W extends { readonly steps: readonly number[] }>(walk: W): W => ({ ...walk, steps: [0, ...walk.steps] });
  return { outer: [1], inner, views: flat.map((view) => ({ ...once(view), checks: view.checks.map(once) })) };
}

/** As few loops as do the same: neighbours that every view walks as one are one. */
export function fewestLoops(loops: Loops): Loops {
  const { outer, inner } = loops;
  let fewer = loops;
  for (let k = outer.length + inner.length - 2; k >= 0; k--) {
    if (k !== outer.length - 1) fewer = joined(fewer, k);
  }
  return fewer;
}

/** What a kernel's text depends on. */
export function formOf({ outer, inner, views }: Loops): LoopForm {
  return {
    outer: outer.length,
    inner: inner.length,
    checks: views.map((view) => view.checks.map(({ steps }) => steps.findLastIndex((step) => step !== 0))),
  };
}

/** The fields that `loopFields` declares. */
export function loopParameters({ outer, inner, views }: Loops): number[] {
  return [
    ...outer,
    ...inner,
    ...views.flatMap(({ base, steps, checks }) => [base, ...steps, ...checks.flatMap((c) => [c.size, c.offset, ...c.steps])]),
  ];
}

function flatView({ cells, coordinates }: View<Column>, sizes: readonly number[]): FlatView {
  let base = wordsOf(cells, 1);
  const steps = sizes.map(() => 0);
  const checks: Check[] = [];
  for (const { size, stride, offset, steps: own } of coordinates) {
    const reach = sizes.map((n, k) => (own[k] ?? 0) * (n - 1));
    const low = reach.reduce((sum, r) => sum + Math.min(0, r), offset);
    const high = reach.reduce((sum, r) => sum + Math.max(0, r), offset);
    if (low < 0 || high >= size) checks.push({ size, offset, steps: sizes.map((_, k) => own[k] ?? 0) });
    base += stride * offset;
    for (const k of steps.keys()) steps[k] = steps[k]! + stride * (own[k] ?? 0);
  }
  return { base, steps, checks };
}

/** Loops k and k + 1 as one, if every view walks them as one. */
function joined(loops: Loops, k: number): Loops {
  const { outer, inner, views } = loops;
  const sizes = [...outer, ...inner];
  const [n = 1, next = 1] = [sizes[k], sizes[k + 1]];
  const walks = views.flatMap((view) => [view.steps, ...view.checks.map((check) => check.steps)]);
  if (n !== 1 && next !== 1 && walks.some((steps) => steps[k] !== steps[k + 1]! * next)) return loops;
  // A loop of size 1 leaves with its step.
  const kept = next === 1 ? k : k + 1;
  const join = (steps: readonly number[]) => [...steps.slice(0, k), steps[kept]!, ...steps.slice(k + 2)];
  const joinedSizes = [...sizes.slice(0, k), n * next, ...sizes.slice(k + 2)];
  const first = k < outer.length ? outer.length - 1 : outer.length;
  return {
    outer: joinedSizes.slice(0, first),
    inner: joinedSizes.slice(first),
    views: views.map(({ base, steps, checks }) => ({
      base,
      steps: join(steps),
      checks: checks.map((check) => ({ ...check, steps: join(check.steps) })),
    })),
  };
}
