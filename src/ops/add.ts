/**
 * Add of two values, or of a value and a constant: both are brought to the finer scale, a = 2^i x + 2^j y, then requantized.
 */
import { ModelError } from "../errors.ts";
import { onesOn, term } from "../system/builder.ts";
import { type AxisId, cellsOf, type Leaf } from "../system/types.ts";
import { cell, multiply, add as sum, viewOf } from "../tensor/integers.ts";
import { type IntTensor, intTensor, type Shape, sameShape, stridesOf } from "../tensor/tensor.ts";
import { axesOf, leafOf, logicalAxes, type NodeBase, type Operator, type Value } from "./operator.ts";
import { lowerRounding, type Rounding, roundOn, roundTrace } from "./requantize.ts";

export interface AddNode extends NodeBase {
  readonly kind: "add";
  /** Exponents i, j of the powers of two; j counts for the second value only. */
  readonly scales: readonly [number, number];
  /** Added to a single input, on the accumulator's scale; as many dimensions as the value, each of its size or 1. Null for two inputs. */
  readonly constant: IntTensor | null;
  readonly rounding: Rounding;
}

export const add: Operator<AddNode> = {
  shape: (node, inputs) => [...addShape(node, inputs, node.constant)],

  run(node, inputs) {
    const shape = addShape(
      node,
      inputs.map((x) => x.shape),
      node.constant,
    );
    const x = inputs[0]!.data;
    const y = node.constant ? broadcast(node.constant, shape).data : inputs[1]!.data;
    const [i, j] = [2 ** node.scales[0], node.constant ? 1 : 2 ** node.scales[1]];
    return roundTrace(
      node,
      node.rounding,
      shape,
      x.map((v, k) => v * i + y[k]! * j),
    );
  },

  compute(device, node, inputs) {
    const { constant, scales, rounding } = node;
    const shape = addShape(
      node,
      inputs.map((x) => x.shape),
      constant,
    );
    const views = inputs.map((x) => viewOf(x.cells, shape));
    if (constant) views.push(viewOf(device.constant(constant.data), constant.shape));
    const accumulator = sum(multiply(cell(0), 2 ** scales[0]), multiply(cell(1), constant ? 1 : 2 ** scales[1]));
    return roundOn(device, rounding, shape, views, accumulator);
  },

  lower(builder, node, inputs) {
    const [x, y] = inputs;
    if (!x || (!y && !node.constant)) throw new ModelError(`Node ${node.name} adds ${inputs.length} values, it can add two`);
    const axes = logicalAxes(x);
    const terms = [term(2 ** node.scales[0], [leafOf(x)])];
    if (node.constant) {
      const kept = x.dimensions.flatMap((_, d) => (node.constant?.shape[d] === 1 ? [] : axesOf(x, d)));
      const column = builder.weight(
        `${node.name} constant`,
        kept.map((a) => builder.sizeOf(a)),
        node.constant.data,
      );
      terms.push(term(1, [{ column, axes: kept }], onesOn(axes.filter((a) => !kept.includes(a)))));
    } else if (y) {
      terms.push(term(2 ** node.scales[1], [alignedLeaf(node, x, y, (a) => builder.sizeOf(a))]));
    }
    const lengths = x.dimensions.map((indices) => indices.length);
    return lowerRounding(builder, node, node.rounding, axes, lengths, terms, x.exponent + node.scales[0]);
  },
};

/** The output's shape. @throws ModelError if the shapes differ, or the constant does not spread over the value */
export function addShape(node: NodeBase, inputs: readonly Shape[], constant: { readonly shape: Shape } | null): Shape {
  const [x, y] = inputs;
  if (!x || inputs.length !== (constant ? 1 : 2)) throw new ModelError(`Node ${node.name} adds ${inputs.length} values`);
  if (y && !sameShape(x, y)) throw new ModelError(`Node ${node.name} adds shapes [${x}] and [${y}]`);
  if (constant && (constant.shape.length !== x.length || constant.shape.some((s, d) => s !== 1 && s !== x[d])))
    throw new ModelError(`Node ${node.name} adds a constant of shape [${constant.shape}] to shape [${x}]`);
  return x;
}

/** A tensor repeated along its dimensions of size 1. */
export function broadcast(tensor: IntTensor, shape: Shape): IntTensor {
  const strides = stridesOf(tensor.shape).map((s, d) => (tensor.shape[d] === 1 ? 0 : s));
  const to = stridesOf(shape);
  const data = new Int32Array(cellsOf(shape));
  for (let i = 0; i < data.length; i++) {
    let from = 0;
    for (let d = 0; d < shape.length; d++) from += (Math.floor(i / to[d]!) % shape[d]!) * strides[d]!;
    data[i] = tensor.data[from]!;
  }
  return intTensor(shape, data);
}

/** y's column on x's axes. @throws ModelError if reshaping has cut their dimensions differently */
function alignedLeaf(node: NodeBase, x: Value, y: Value, sizeOf: (axis: AxisId) => number): Leaf {
  const [ours, theirs] = [logicalAxes(x), logicalAxes(y)];
  const lengths = (v: Value) => v.dimensions.map((indices) => indices.length);
  if (lengths(x).join() !== lengths(y).join() || ours.some((a, k) => sizeOf(a) !== sizeOf(theirs[k]!)))
    throw new ModelError(`Node ${node.name} adds two values whose dimensions are made of different axes`);
  return leafOf(y, new Map(theirs.map((a, k) => [a, ours[k]!])));
}
