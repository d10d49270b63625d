/**
 * Reshape (Flatten) and Transpose as relabelling: the column stays, its axes are grouped and ordered anew. No cell is committed twice and nothing is proven.
 */
import { ModelError } from "../errors.ts";
import { cell, viewOf } from "../tensor/integers.ts";
import { sizeOf, transposedIndices } from "../tensor/tensor.ts";
import { logicalAxes, type NodeBase, type Operator, only } from "./operator.ts";

export interface ReshapeNode extends NodeBase {
  readonly kind: "reshape";
  /** The new sizes, without a batch. */
  readonly shape: readonly number[];
}

export interface TransposeNode extends NodeBase {
  readonly kind: "transpose";
  /** Dimension d of the output is dimension permutation[d] of the input. */
  readonly permutation: readonly number[];
}

export const reshape: Operator<ReshapeNode> = {
  shape: (node, inputs) => reshapeShape(node, node.shape, only(node, inputs)),

  run(node, inputs) {
    const x = only(node, inputs);
    return { output: { shape: reshapeShape(node, node.shape, x.shape), data: x.data }, witness: () => ({}) };
  },

  compute(_device, node, inputs) {
    const { shape, cells } = only(node, inputs);
    return { output: { shape: reshapeShape(node, node.shape, shape), cells }, columns: {} };
  },

  lower(builder, node, inputs) {
    const x = only(node, inputs);
    const order = x.dimensions.flat();
    const axes = logicalAxes(x);
    let next = 0;
    const dimensions = node.shape.map((size, d) => {
      const indices: number[] = [];
      let product = 1;
      // The last dimension takes trailing axes of size 1 too, so that every axis is somewhere.
      while (next < axes.length && (product < size || d === node.shape.length - 1)) {
        product *= builder.sizeOf(axes[next]!);
        indices.push(order[next++]!);
      }
      if (product !== size)
        throw new ModelError(
          `Node ${node.name} reshapes to [${node.shape}], which cuts through an axis of its input: circlet can only join and part whole axes`,
        );
      return indices;
    });
    return { output: { ...x, dimensions }, columns: {} };
  },
};

export const transpose: Operator<TransposeNode> = {
  shape: (node, inputs) => transposeShape(node, node.permutation, only(node, inputs)),

  run(node, inputs) {
    const x = only(node, inputs);
    const data = Int32Array.from(transposedIndices(x.shape, node.permutation), (i) => x.data[i]!);
    return { output: { shape: transposeShape(node, node.permutation, x.shape), data }, witness: () => ({}) };
  },

  compute(device, node, inputs) {
    const x = only(node, inputs);
    const shape = transposeShape(node, node.permutation, x.shape);
    const along = x.shape.map((_, d) => node.permutation.indexOf(d));
    const [cells] = device.map(shape, [viewOf(x.cells, x.shape, along)], [], [cell(0)]);
    return { output: { shape, cells: cells! }, columns: {} };
  },

  lower(_builder, node, inputs) {
    const x = only(node, inputs);
    return { output: { ...x, dimensions: node.permutation.map((d) => x.dimensions[d] ?? []) }, columns: {} };
  },
};

/** The output's shape. @throws ModelError if the number of cells changes */
export function reshapeShape(node: NodeBase, shape: readonly number[], input: readonly number[]): number[] {
  if (sizeOf(shape) !== sizeOf(input))
    throw new ModelError(`Node ${node.name} reshapes [${input}] to [${shape}], which has another number of cells`);
  return [...shape];
}

/** The output's shape. @throws ModelError if the permutation is none of the input's dimensions */
export function transposeShape(node: NodeBase, permutation: readonly number[], input: readonly number[]): number[] {
  if ([...permutation].sort((a, b) => a - b).join() !== input.map((_, d) => d).join())
    throw new ModelError(`Node ${node.name} permutes [${permutation}] the dimensions of shape [${input}]`);
  return permutation.map((d) => input[d] ?? 1);
}
