/** Evaluations of many tensors at once: partial sums by workgroup, then one workgroup a tensor adds them up. */
import { evaluate as evaluateKernel } from "../../../shaders/multilinear/evaluate.wgsl.ts";
import { sumRuns } from "../../../shaders/multilinear/sum-runs.wgsl.ts";
import type { Evaluation } from "../backend.ts";
import { ensure, product } from "../check.ts";
import { elementsOf, GpuColumn, wordsOf } from "./column.ts";
import { sumGroupsFor, type Workspace } from "./workspace.ts";

/** Tensors of one dispatch. */
const MOST_TENSORS = 512;

/** A column of one element for each evaluation. */
export function evaluate(space: Workspace, evaluations: readonly Evaluation[]): GpuColumn[] {
  const values: GpuColumn[] = [];
  for (let at = 0; at < evaluations.length; at += MOST_TENSORS)
    values.push(...evaluateSome(space, evaluations.slice(at, at + MOST_TENSORS)));
  return values;
}

function evaluateSome(space: Workspace, evaluations: readonly Evaluation[]): GpuColumn[] {
  const table: number[] = [];
  const tensors: number[] = [];
  const runs: number[] = [];
  let groups = 0;
  for (const { tensor, shape, weights } of evaluations) {
    const cells = product(shape);
    ensure(tensor.length === cells && weights.length === shape.length, `${tensor.length} cells are not of shape [${shape}]`);
    const axes = shape.map((size, d) => [size, elementsOf(weights[d]!)]).reverse();
    const first = groups;
    groups += sumGroupsFor(cells);
    runs.push(first, groups);
    table.push(groups, 2 + 2 * evaluations.length + tensors.length);
    tensors.push(first, cells, wordsOf(tensor, 1), axes.length, ...axes.flat());
  }
  const out = space.column(evaluations.length, 4);
  space.withMemory(groups, (partials) => {
    space.run(evaluateKernel, groups, [evaluations.length, partials, ...table, ...tensors]);
    space.run(sumRuns, evaluations.length, [evaluations.length, elementsOf(out), partials, ...runs]);
  });
  return evaluations.map((_, k) => new GpuColumn(out.address + 4 * k, 1, 4));
}
