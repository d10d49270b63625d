/** Sums of products in doubles, for the float reference and for interval bounds. Linear in weight and input. */
import { insideOutputs, type Window } from "../ops/window.ts";
import type { Shape } from "../tensor/tensor.ts";

type Numbers = Float32Array | Float64Array | Int32Array;

/** out[row, o] += sum_k weight[o, k] x[row, k]. */
export function addMatmul(out: Float64Array, weight: Numbers, [outputs = 0, inner = 0]: Shape, x: Float64Array): void {
  const rows = x.length / inner;
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += weight[o * inner + k]! * x[row * inner + k]!;
      out[row * outputs + o] = out[row * outputs + o]! + sum;
    }
  }
}

/** out[o, y, x] += the convolution, for weight [o, c, ky, kx], input [c, h, w], output [o, rows, columns]. */
export function addConv(out: Float64Array, outShape: Shape, window: Window, weight: Numbers, x: Float64Array, xShape: Shape): void {
  const [outputs = 0, rows = 0, columns = 0] = outShape;
  const [channels = 0, height = 0, width = 0] = xShape;
  const [kernelRows, kernelColumns] = window.kernel;
  const [strideY, strideX] = window.strides;
  let w = 0;
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < channels; c++) {
      for (let ky = 0; ky < kernelRows; ky++) {
        const [firstRow, endRow] = insideOutputs(window, 0, ky, height, rows);
        const offsetY = ky * window.dilations[0] - window.padsBefore[0];
        for (let kx = 0; kx < kernelColumns; kx++, w++) {
          const value = weight[w]!;
          if (value === 0) continue;
          const [first, end] = insideOutputs(window, 1, kx, width, columns);
          const offsetX = kx * window.dilations[1] - window.padsBefore[1];
          for (let y = firstRow; y < endRow; y++) {
            const to = (o * rows + y) * columns;
            const from = (c * height + y * strideY + offsetY) * width + offsetX;
            for (let i = first; i < end; i++) out[to + i] = out[to + i]! + value * x[from + i * strideX]!;
          }
        }
      }
    }
  }
}
