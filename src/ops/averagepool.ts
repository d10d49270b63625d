/**
 * AveragePool over windows of n cells, padding counted as zeros: q = floor((sum + floor(n/2)) / n).
 *
 * Constraint: sum + floor(n/2) - n q - r = 0 with r in [0, n) and q in the input's range, looked up.
 */
import { ModelError } from "../errors.ts";
import { onesOn, term } from "../system/builder.ts";
import { add, cell, multiply, quotient, subtract, viewOf } from "../tensor/integers.ts";
import { forEachWindowCell, poolShape } from "./maxpool.ts";
import { leafOf, type NodeBase, type Operator, only, provableRange, shapeOf, singleAxis, valueOn } from "./operator.ts";
import { type Window, windowAxes, windowFactors, windowView } from "./window.ts";

export interface AveragePoolNode extends NodeBase {
  readonly kind: "averagepool";
  readonly window: Window;
}

export const averagepool: Operator<AveragePoolNode> = {
  shape: (node, inputs) => poolShape(node, node.window, only(node, inputs)),

  run(node, inputs) {
    const x = only(node, inputs);
    const shape = poolShape(node, node.window, x.shape);
    const size = windowSize(node);
    const rounding = Math.floor(size / 2);
    const sums = new Int32Array(shape[0] * shape[1] * shape[2]);
    forEachWindowCell(node.window, x.shape, shape, (to, from) => {
      sums[to] = sums[to]! + x.data[from]!;
    });
    const data = sums.map((sum) => Math.floor((sum + rounding) / size));
    return { output: { shape, data }, witness: () => ({ q: data, r: sums.map((sum, i) => sum + rounding - size * data[i]!) }) };
  },

  compute(device, node, inputs) {
    const x = only(node, inputs);
    const shape = poolShape(node, node.window, x.shape);
    const size = windowSize(node);
    const sums = device.dot(shape, node.window.kernel, [windowView(x, node.window, 0, [1, 2], [3, 4], 5)], null);
    const sum = add(cell(0), Math.floor(size / 2));
    const average = quotient(sum, size);
    const [q, r] = device.map(shape, [viewOf(sums, shape)], [], [average, subtract(sum, multiply(average, size))]);
    return { output: { shape, cells: q! }, columns: { q: q!, r: r! } };
  },

  lower(builder, node, inputs) {
    const x = only(node, inputs);
    const [channels, rows, columns] = poolShape(node, node.window, shapeOf(builder, x));
    const size = windowSize(node);
    const axes = windowAxes(builder, node, node.window, [rows, columns]);
    const free = [singleAxis(node, x, 0), ...axes.output];
    const range = provableRange([Math.min(0, x.range[0]), x.range[1]]);
    const q = builder.witness(node.name, [channels, rows, columns], range);
    const r = builder.witness(`${node.name} remainder`, [channels, rows, columns], [0, size - 1]);
    const terms = [
      term(1, [leafOf(x)], windowFactors(node.window, axes, [singleAxis(node, x, 1), singleAxis(node, x, 2)])),
      term(-size, [{ column: q, axes: free }]),
      term(-1, [{ column: r, axes: free }]),
    ];
    if (size > 1) terms.push(term(Math.floor(size / 2), [], onesOn(free)));
    builder.constraint(node.name, free, terms);
    return { output: valueOn(q, free, [1, 1, 1], range, x.exponent), columns: { q, r } };
  },
};

function windowSize(node: AveragePoolNode): number {
  const size = node.window.kernel[0] * node.window.kernel[1];
  if (size > 256 && (size & (size - 1)) !== 0)
    throw new ModelError(`Node ${node.name} averages ${size} cells, allowed are 256 or a power of two`);
  return size;
}
