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

/** As few loops as do the same: neighbours that every view walks as one are one. A loop of size 1 leaves with its step. */
export function fewestLoops({ outer, inner, views }: Loops): Loops {
  const sizes = [...outer, ...inner];
  const walks = views.flatMap((view) => [view.steps, ...view.checks.map((check) => check.steps)]);
  /** Sizes of the loops that are left, from the last one, and the loop whose steps each of them takes. */
  const [left, from]: [number[], number[]] = [[], []];
  for (let k = sizes.length - 1; k >= 0; k--) {
    const [at, n] = [left.length - 1, sizes[k]!];
    const [next, taken] = [left[at], from[at]];
    const isNeighbour = next !== undefined && taken !== undefined && k !== outer.length - 1;
    if (isNeighbour && n === 1) continue;
    if (isNeighbour && next === 1) {
      left[at] = n;
      from[at] = k;
    } else if (isNeighbour && walks.every((steps) => steps[k] === steps[taken]! * next)) {
      left[at] = n * next;
    } else {
      left.push(n);
      from.push(k);
    }
  }
  left.reverse();
  from.reverse();
  const inners = from.findIndex((k) => k >= outer.length);
  const first = inners < 0 ? left.length : inners;
  const fewer = (steps: readonly number[]): number[] => from.map((k) => steps[k]!);
  return {
    outer: left.slice(0, first),
    inner: left.slice(first),
    views: views.map(({ base, steps, checks }) => ({
      base,
      steps: fewer(steps),
      checks: checks.map((check) => ({ ...check, steps: fewer(check.steps) })),
    })),
  };
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
    let [low, high] = [offset, offset];
    for (let k = 0; k < sizes.length; k++) {
      const step = own[k] ?? 0;
      const reach = step * (sizes[k]! - 1);
      if (reach < 0) low += reach;
      else high += reach;
      steps[k] = steps[k]! + stride * step;
    }
    if (low < 0 || high >= size) checks.push({ size, offset, steps: sizes.map((_, k) => own[k] ?? 0) });
    base += stride * offset;
  }
  return { base, steps, checks };
}
