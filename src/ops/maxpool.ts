/**
 * MaxPool: y is the largest value of its window; cells outside the image do not count.
 *
 * With inside = 1 where a window cell lies in the image: d = inside (y - x) >= 0 looked up (no cell exceeds y); s in {0, 1} with sum inside s = 1 and s d = 0 (the
 * chosen cell, which lies inside, is y).
 */
import { ModelError } from "../errors.ts";
import { onesOn, term } from "../system/builder.ts";
import { add, cell, equal, index, inside, multiply, subtract, viewOf } from "../tensor/integers.ts";
import type { IntTensor, Shape } from "../tensor/tensor.ts";
import { leafOf, type NodeBase, type Operator, only, provableRange, shapeOf, singleAxis, valueOn } from "./operator.ts";
import { allInside, insideOutputs, type Window, windowAxes, windowFactors, windowOutput, windowView } from "./window.ts";

export interface MaxPoolNode extends NodeBase {
  readonly kind: "maxpool";
  readonly window: Window;
}

export const maxpool: Operator<MaxPoolNode> = {
  shape: (node, inputs) => poolShape(node, node.window, only(node, inputs)),

  run(node, inputs) {
    const x = only(node, inputs);
    const shape = poolShape(node, node.window, x.shape);
    const data = new Int32Array(shape[0] * shape[1] * shape[2]).fill(-(2 ** 31));
    forEachWindowCell(node.window, x.shape, shape, (to, from) => {
      if (x.data[from]! > data[to]!) data[to] = x.data[from]!;
    });
    return { output: { shape, data }, witness: () => poolWitness(node.window, x, shape, data) };
  },

  compute(device, node, inputs) {
    const x = only(node, inputs);
    const shape = poolShape(node, node.window, x.shape);
    const { kernel } = node.window;
    const image = windowView(x, node.window, 0, [1, 2], [3, 4], 5);
    const { values, indices } = device.largest(shape, kernel, image);
    const views = [image, ...[values, indices].map((cells) => viewOf(cells, shape, [0, 1, 2], 5))];
    const [d, s] = device.map(
      [...shape, ...kernel],
      views,
      [],
      [multiply(inside(0), subtract(cell(1), cell(0))), equal(cell(2), add(multiply(index(3), kernel[1]), index(4)))],
    );
    return { output: { shape, cells: values }, columns: { y: values, d: d!, s: s! } };
  },

  lower(builder, node, inputs) {
    const x = only(node, inputs);
    const input = shapeOf(builder, x);
    const [channels, rows, columns] = poolShape(node, node.window, input);
    const axes = windowAxes(builder, node, node.window, [rows, columns]);
    const channel = singleAxis(node, x, 0);
    const window = windowFactors(node.window, axes, [singleAxis(node, x, 1), singleAxis(node, x, 2)]);
    const inside = allInside(node.window, input, [rows, columns]) ? [] : window;
    const shape = [channels, rows, columns];
    const free = [channel, ...axes.output];
    const cells = [...free, ...axes.kernel];
    const range = provableRange(x.range);
    const y = builder.witness(node.name, shape, range);
    const d = builder.witness(`${node.name} difference`, [...shape, ...node.window.kernel], provableRange([0, range[1] - x.range[0]]));
    const s = builder.witness(`${node.name} chosen`, [...shape, ...node.window.kernel], [0, 1]);
    builder.constraint(`${node.name} differences`, cells, [
      term(1, [{ column: d, axes: cells }]),
      term(1, [leafOf(x)], window),
      term(-1, [{ column: y, axes: free }], inside.length > 0 ? inside : onesOn(axes.kernel)),
    ]);
    builder.constraint(`${node.name} one chosen`, free, [term(1, [{ column: s, axes: cells }], inside), term(-1, [], onesOn(free))]);
    builder.constraint(`${node.name} reached`, cells, [
      term(1, [
        { column: s, axes: cells },
        { column: d, axes: cells },
      ]),
    ]);
    return { output: valueOn(y, free, [1, 1, 1], range, x.exponent), columns: { y, d, s } };
  },
};

/** The output's shape. @throws ModelError if the window does not fit, or one of them lies outside the image */
export function poolShape(node: NodeBase, window: Window, input: Shape): [number, number, number] {
  const [rows, columns] = windowOutput(node, window, input);
  for (const d of [0, 1] as const) {
    const reach = (window.kernel[d] - 1) * window.dilations[d] + 1;
    if (window.padsBefore[d] >= reach || window.padsAfter[d] >= reach)
      throw new ModelError(`Node ${node.name} has a padding as wide as its window`);
  }
  return [input[0] ?? 0, rows, columns];
}

/** Calls visit(output cell, input cell, window cell) for every window cell inside the image. */
export function forEachWindowCell(
  window: Window,
  input: Shape,
  output: Shape,
  visit: (to: number, from: number, cell: number) => void,
): void {
  const [channels = 0, height = 0, width = 0] = input;
  const [, rows = 0, columns = 0] = output;
  const [kernelRows, kernelColumns] = window.kernel;
  for (let ky = 0; ky < kernelRows; ky++) {
    const [firstRow, endRow] = insideOutputs(window, 0, ky, height, rows);
    const offsetY = ky * window.dilations[0] - window.padsBefore[0];
    for (let kx = 0; kx < kernelColumns; kx++) {
      const [first, end] = insideOutputs(window, 1, kx, width, columns);
      const offsetX = kx * window.dilations[1] - window.padsBefore[1];
      for (let c = 0; c < channels; c++) {
        for (let y = firstRow; y < endRow; y++) {
          const to = (c * rows + y) * columns;
          const from = (c * height + y * window.strides[0] + offsetY) * width + offsetX;
          for (let i = first; i < end; i++) visit(to + i, from + i * window.strides[1], ky * kernelColumns + kx);
        }
      }
    }
  }
}

function poolWitness(window: Window, x: IntTensor, shape: Shape, y: Int32Array): Record<string, Int32Array> {
  const size = window.kernel[0] * window.kernel[1];
  const d = new Int32Array(y.length * size);
  const s = new Int32Array(y.length * size);
  const chosen = new Uint8Array(y.length);
  forEachWindowCell(window, x.shape, shape, (to, from, cell) => {
    d[to * size + cell] = y[to]! - x.data[from]!;
    if (x.data[from] === y[to] && chosen[to] === 0) {
      chosen[to] = 1;
      s[to * size + cell] = 1;
    }
  });
  return { y, d, s };
}
