/**
 * Conv, two-dimensional, one group, zero padding: a[o, y, x] = b[o] + sum W[o, c, ky, kx] X[c, iy, ix] over iy = y s + ky t - p and ix likewise, then requantization.
 *
 * The windows are structural factors, so a convolution is one constraint on the image itself: no copy of the image is committed.
 */
import { ModelError } from "../errors.ts";
import { onesOn, term } from "../system/builder.ts";
import { viewOf } from "../tensor/integers.ts";
import type { IntTensor, Shape } from "../tensor/tensor.ts";
import { leafOf, type NodeBase, type Operator, only, shapeOf, singleAxis } from "./operator.ts";
import { lowerRounding, type Rounding, roundOn, roundTrace } from "./requantize.ts";
import { insideOutputs, type Window, windowAxes, windowFactors, windowOutput, windowView } from "./window.ts";

export interface ConvNode extends NodeBase {
  readonly kind: "conv";
  readonly window: Window;
  /** Shape [outputs, channels, kernel rows, kernel columns]. */
  readonly weight: IntTensor;
  /** Shape [outputs], on the accumulator's scale. */
  readonly bias: IntTensor | null;
  readonly weightExponent: number;
  readonly rounding: Rounding;
}

export const conv: Operator<ConvNode> = {
  shape: (node, inputs) => convShape(node, node.window, node.weight.shape, only(node, inputs)),

  run(node, inputs) {
    const x = only(node, inputs);
    const shape = convShape(node, node.window, node.weight.shape, x.shape);
    const [outputs, rows, columns] = shape;
    const [channels = 0, height = 0, width = 0] = x.shape;
    const [kernelRows, kernelColumns] = node.window.kernel;
    const [strideY, strideX] = node.window.strides;
    const accumulators = new Int32Array(outputs * rows * columns);
    let w = 0;
    for (let o = 0; o < outputs; o++) {
      accumulators.fill(node.bias?.data[o] ?? 0, o * rows * columns, (o + 1) * rows * columns);
      for (let c = 0; c < channels; c++) {
        for (let ky = 0; ky < kernelRows; ky++) {
          const [firstRow, endRow] = insideOutputs(node.window, 0, ky, height, rows);
          const offsetY = ky * node.window.dilations[0] - node.window.padsBefore[0];
          for (let kx = 0; kx < kernelColumns; kx++, w++) {
            const weight = node.weight.data[w]!;
            if (weight === 0) continue;
            const [first, end] = insideOutputs(node.window, 1, kx, width, columns);
            const offsetX = kx * node.window.dilations[1] - node.window.padsBefore[1];
            for (let y = firstRow; y < endRow; y++) {
              const to = (o * rows + y) * columns;
              const from = (c * height + y * strideY + offsetY) * width + offsetX;
              for (let i = first; i < end; i++)
                accumulators[to + i] = (accumulators[to + i]! + Math.imul(weight, x.data[from + i * strideX]!)) | 0;
            }
          }
        }
      }
    }
    return roundTrace(node, node.rounding, shape, accumulators);
  },

  compute(device, node, inputs) {
    const x = only(node, inputs);
    const shape = convShape(node, node.window, node.weight.shape, x.shape);
    const [outputs] = shape;
    const factors = [
      viewOf(device.constant(node.weight.data), node.weight.shape, [0, 3, 4, 5], 6),
      windowView(x, node.window, 3, [1, 2], [4, 5], 6),
    ];
    const bias = node.bias && viewOf(device.constant(node.bias.data), [outputs], [0], 3);
    return roundOn(device, node.rounding, shape, [viewOf(device.dot(shape, node.weight.shape.slice(1), factors, bias), shape)]);
  },

  lower(builder, node, inputs) {
    const x = only(node, inputs);
    const [outputs, rows, columns] = convShape(node, node.window, node.weight.shape, shapeOf(builder, x));
    const out = builder.axis(`${node.name} channels`, outputs);
    const axes = windowAxes(builder, node, node.window, [rows, columns]);
    const channel = singleAxis(node, x, 0);
    const weight = builder.weight(`${node.name} weight`, node.weight.shape, node.weight.data);
    const terms = [
      term(
        1,
        [{ column: weight, axes: [out, channel, ...axes.kernel] }, leafOf(x)],
        windowFactors(node.window, axes, [singleAxis(node, x, 1), singleAxis(node, x, 2)]),
      ),
    ];
    if (node.bias)
      terms.push(term(1, [{ column: builder.weight(`${node.name} bias`, [outputs], node.bias.data), axes: [out] }], onesOn(axes.output)));
    return lowerRounding(builder, node, node.rounding, [out, ...axes.output], [1, 1, 1], terms, x.exponent + node.weightExponent);
  },
};

/** The output's shape for a weight of shape [outputs, channels, ..]. @throws ModelError if the channels or the window do not fit */
export function convShape(node: NodeBase, window: Window, weight: Shape, input: Shape): [number, number, number] {
  const [outputs = 0, channels = 0] = weight;
  const [rows, columns] = windowOutput(node, window, input);
  if (input[0] !== channels) throw new ModelError(`Node ${node.name} has weights for ${channels} channels, its input has ${input[0]}`);
  return [outputs, rows, columns];
}
