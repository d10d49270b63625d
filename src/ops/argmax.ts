/**
 * ArgMax over the last dimension, ties to the lowest index; the index c is the public scalar `output`.
 *
 * d_j = x_c - x_j - [j < c] >= 0 for every j, looked up: no x_j exceeds x_c, and those before c are smaller. x_c = sum_k select_k x_k needs no column.
 */
import { ModelError } from "../errors.ts";
import { onesOn, term } from "../system/builder.ts";
import { cell, index, less, single, subtract, viewOf } from "../tensor/integers.ts";
import { intTensor } from "../tensor/tensor.ts";
import { leafOf, logicalAxes, type NodeBase, type Operator, only, provableRange, valueOn } from "./operator.ts";

export interface ArgMaxNode extends NodeBase {
  readonly kind: "argmax";
}

export const argmax: Operator<ArgMaxNode> = {
  shape(node, inputs) {
    lastOnly(node, only(node, inputs));
    return [];
  },

  run(node, inputs) {
    const { shape, data } = only(node, inputs);
    lastOnly(node, shape);
    let best = 0;
    for (let j = 1; j < data.length; j++) if (data[j]! > data[best]!) best = j;
    return {
      output: intTensor([], [best]),
      witness: () => ({ d: data.map((x, j) => data[best]! - x - (j < best ? 1 : 0)) }),
    };
  },

  compute(device, node, inputs) {
    const x = only(node, inputs);
    lastOnly(node, x.shape);
    const shape = x.shape.slice(-1);
    const logits = viewOf(x.cells, shape);
    const { values, indices } = device.largest([], shape, logits);
    const difference = subtract(subtract(cell(1), cell(0)), less(index(0), cell(2)));
    const [d] = device.map(shape, [logits, single(values), single(indices)], [], [difference]);
    return { output: { shape: [], cells: indices }, columns: { d: d! } };
  },

  lower(builder, node, inputs) {
    const x = only(node, inputs);
    // Axes of size 1, left by pooling, are summed: they add nothing.
    const wide = logicalAxes(x).filter((a) => builder.sizeOf(a) > 1);
    const [axis = logicalAxes(x)[0]] = wide;
    if (wide.length > 1 || axis === undefined)
      throw new ModelError(`Node ${node.name} takes the arg max over ${wide.length} axes, it can over one`);
    const size = builder.sizeOf(axis);
    const output = builder.publicColumn("output", [], [0, size - 1]);
    const d = builder.witness(`${node.name} difference`, [size], provableRange([0, x.range[1] - x.range[0]]));
    const other = builder.axis(`${node.name} chosen`, size);
    builder.constraint(
      node.name,
      [axis],
      [
        term(1, [{ column: d, axes: [axis] }]),
        term(1, [leafOf(x)]),
        term(1, [], [{ kind: "below", axes: [axis], column: output }]),
        term(-1, [leafOf(x, new Map([[axis, other]]))], [{ kind: "select", axes: [other], column: output }, ...onesOn([axis])]),
      ],
    );
    return { output: valueOn(output, [], [], [0, size - 1], 0), columns: { d } };
  },
};

function lastOnly(node: NodeBase, shape: readonly number[]): void {
  if (shape.length === 0 || shape.slice(0, -1).some((s) => s !== 1))
    throw new ModelError(`Node ${node.name} takes the arg max of shape [${shape}], it can of one dimension`);
}
