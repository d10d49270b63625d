/** The float reference: runs a graph in doubles. What a quantized program's accuracy is measured against. */
import { forEachWindowCell } from "../ops/maxpool.ts";
import { type FloatTensor, type Shape, sizeOf, stridesOf, transposedIndices } from "../tensor/tensor.ts";
import { type FloatGraph, type FloatNode, type MapName, nodeShape } from "./graph.ts";
import { addConv, addMatmul } from "./kernels.ts";
import { inputsOf } from "./program.ts";

interface Doubles {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** All values of a run, by name; the graph's output is among them. */
export function runFloat(graph: FloatGraph, input: FloatTensor): Map<string, Doubles> {
  const values = new Map<string, Doubles>([[graph.input.name, { shape: input.shape, data: Float64Array.from(input.data) }]]);
  for (const node of graph.nodes) values.set(node.output, runNode(node, inputsOf(node, values)));
  return values;
}

/** The index of the largest value, the lowest one among equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function runNode(node: FloatNode, inputs: readonly Doubles[]): Doubles {
  const x = inputs[0]!;
  const shape = nodeShape(
    node,
    inputs.map((i) => i.shape),
  );
  const data = new Float64Array(sizeOf(shape));
  switch (node.kind) {
    case "matmul":
      if (node.bias) for (let i = 0; i < data.length; i++) data[i] = node.bias.data[i % node.bias.data.length]!;
      addMatmul(data, node.weight.data, node.weight.shape, x.data);
      return { shape, data: mapped(node.map, data) };
    case "conv":
      if (node.bias) for (let i = 0; i < data.length; i++) data[i] = node.bias.data[Math.floor((i * node.bias.data.length) / data.length)]!;
      addConv(data, shape, node.window, node.weight.data, x.data, x.shape);
      return { shape, data: mapped(node.map, data) };
    case "add": {
      const other = node.constant ? spread(node.constant, shape) : inputs[1]!.data;
      return {
        shape,
        data: mapped(
          node.map,
          data.map((_, i) => x.data[i]! + other[i]!),
        ),
      };
    }
    case "map":
      return { shape, data: mapped(node.map, x.data) };
    case "maxpool":
      data.fill(Number.NEGATIVE_INFINITY);
      forEachWindowCell(node.window, x.shape, shape, (to, from) => {
        if (x.data[from]! > data[to]!) data[to] = x.data[from]!;
      });
      return { shape, data };
    case "averagepool": {
      const size = node.window.kernel[0] * node.window.kernel[1];
      forEachWindowCell(node.window, x.shape, shape, (to, from) => {
        data[to] = data[to]! + x.data[from]! / size;
      });
      return { shape, data };
    }
    case "reshape":
      return { shape, data: x.data };
    case "transpose":
      return { shape, data: Float64Array.from(transposedIndices(x.shape, node.permutation), (i) => x.data[i]!) };
  }
}

/** A constant repeated along its dimensions of size 1. */
export function spread(tensor: { readonly shape: Shape; readonly data: ArrayLike<number> }, shape: Shape): Float64Array {
  const from = stridesOf(tensor.shape);
  const to = stridesOf(shape);
  return new Float64Array(sizeOf(shape)).map((_, i) => {
    let index = 0;
    for (let d = 0; d < shape.length; d++) if (tensor.shape[d] !== 1) index += (Math.floor(i / to[d]!) % shape[d]!) * from[d]!;
    return tensor.data[index]!;
  });
}

function mapped(map: MapName, data: Float64Array): Float64Array {
  const f = FLOAT_MAPS[map];
  return map === "none" ? data : data.map((v) => f(v));
}

/** The maps in doubles. */
const FLOAT_MAPS: Readonly<Record<MapName, (x: number) => number>> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  "gelu-tanh": (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
};

/** erf by its series of positive terms; 1 within a double's rounding beyond 6. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  let power = a;
  let sum = a;
  for (let n = 1; power > sum * 1e-17; n++) {
    power *= (2 * a * a) / (2 * n + 1);
    sum += power;
  }
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
}
