/**
 * MatMul and Gemm with a constant weight: a[.., o] = sum_k W[o, k] x[.., k] + b[o], then requantization.
 *
 * The contracted dimension is the input's last; where a Flatten has merged several axes into it, the weight column has one axis for each of them.
 */
import { ModelError } from "../errors.ts";
import { onesOn, term } from "../system/builder.ts";
import { viewOf } from "../tensor/integers.ts";
import { type IntTensor, type Shape, sizeOf } from "../tensor/tensor.ts";
import { axesOf, leafOf, type NodeBase, type Operator, only } from "./operator.ts";
import { lowerRounding, type Rounding, roundOn, roundTrace } from "./requantize.ts";

export interface MatMulNode extends NodeBase {
  readonly kind: "matmul";
  /** Shape [outputs, inputs]. */
  readonly weight: IntTensor;
  /** Shape [outputs], on the accumulator's scale. */
  readonly bias: IntTensor | null;
  /** W v stands for v 2^-weightExponent. */
  readonly weightExponent: number;
  readonly rounding: Rounding;
}

export const matmul: Operator<MatMulNode> = {
  shape: (node, inputs) => matmulShape(node, node.weight.shape, only(node, inputs)),

  run(node, inputs) {
    const x = only(node, inputs);
    const [outputs = 0, inner = 0] = node.weight.shape;
    const weight = node.weight.data;
    const rows = x.data.length / inner;
    const accumulators = new Int32Array(rows * outputs);
    for (let row = 0; row < rows; row++) {
      for (let o = 0; o < outputs; o++) {
        let sum = node.bias?.data[o] ?? 0;
        for (let k = 0; k < inner; k++) sum = (sum + Math.imul(weight[o * inner + k]!, x.data[row * inner + k]!)) | 0;
        accumulators[row * outputs + o] = sum;
      }
    }
    return roundTrace(node, node.rounding, matmulShape(node, node.weight.shape, x.shape), accumulators);
  },

  compute(device, node, inputs) {
    const x = only(node, inputs);
    const shape = matmulShape(node, node.weight.shape, x.shape);
    const [outputs = 0, inner = 0] = node.weight.shape;
    const sizes = [sizeOf(x.shape) / inner, outputs];
    const factors = [
      viewOf(device.constant(node.weight.data), [outputs, inner], [1, 2], 3),
      viewOf(x.cells, [sizes[0]!, inner], [0, 2], 3),
    ];
    const bias = node.bias && viewOf(device.constant(node.bias.data), [outputs], [1], 2);
    return roundOn(device, node.rounding, shape, [viewOf(device.dot(sizes, [inner], factors, bias), shape)]);
  },

  lower(builder, node, inputs) {
    const x = only(node, inputs);
    const [outputs = 0] = node.weight.shape;
    const last = x.dimensions.length - 1;
    const inner = axesOf(x, last);
    const rows = x.dimensions.slice(0, -1).map((_, d) => axesOf(x, d));
    const out = builder.axis(`${node.name} outputs`, outputs);
    const weight = builder.weight(`${node.name} weight`, [outputs, ...inner.map((a) => builder.sizeOf(a))], node.weight.data);
    const terms = [term(1, [{ column: weight, axes: [out, ...inner] }, leafOf(x)])];
    const free = [...rows.flat(), out];
    if (node.bias)
      terms.push(term(1, [{ column: builder.weight(`${node.name} bias`, [outputs], node.bias.data), axes: [out] }], onesOn(rows.flat())));
    return lowerRounding(
      builder,
      node,
      node.rounding,
      free,
      [...rows.map((axes) => axes.length), 1],
      terms,
      x.exponent + node.weightExponent,
    );
  },
};

/** The output's shape for a weight of shape [outputs, inputs]. @throws ModelError if the input's last dimension is another */
export function matmulShape(node: NodeBase, weight: Shape, input: Shape): number[] {
  const [outputs = 0, inner = 0] = weight;
  if (input.at(-1) !== inner)
    throw new ModelError(`Node ${node.name} multiplies a matrix of ${inner} rows with a value of shape [${input}]`);
  return [...input.slice(0, -1), outputs];
}
