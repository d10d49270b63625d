/** A float network in circlet's operators: what every importer yields. One sample, no batch dimension; one input, one output of logits. */
import { ModelError } from "../errors.ts";
import { addShape } from "../ops/add.ts";
import { convShape } from "../ops/conv.ts";
import type { FunctionName } from "../ops/function-table.ts";
import { matmulShape } from "../ops/matmul.ts";
import { poolShape } from "../ops/maxpool.ts";
import { reshapeShape, transposeShape } from "../ops/reshape.ts";
import type { Window } from "../ops/window.ts";
import type { FloatTensor, Shape } from "../tensor/tensor.ts";
import { inputsOf } from "./program.ts";

/** A function of one number that follows a sum, or stands alone. */
export type MapName = "none" | "relu" | FunctionName;

interface Base {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

export type FloatNode =
  /** weight [outputs, inputs], bias [outputs]. */
  | (Base & { readonly kind: "matmul"; readonly weight: FloatTensor; readonly bias: FloatTensor | null; readonly map: MapName })
  /** weight [outputs, channels, rows, columns], bias [outputs]. */
  | (Base & {
      readonly kind: "conv";
      readonly window: Window;
      readonly weight: FloatTensor;
      readonly bias: FloatTensor | null;
      readonly map: MapName;
    })
  /** Two inputs, or one and a constant of as many dimensions, each of its size or 1. */
  | (Base & { readonly kind: "add"; readonly constant: FloatTensor | null; readonly map: MapName })
  | (Base & { readonly kind: "map"; readonly map: MapName })
  | (Base & { readonly kind: "maxpool" | "averagepool"; readonly window: Window })
  | (Base & { readonly kind: "reshape"; readonly shape: readonly number[] })
  | (Base & { readonly kind: "transpose"; readonly permutation: readonly number[] });

export interface FloatGraph {
  readonly name: string;
  readonly input: { readonly name: string; readonly shape: Shape };
  /** In an order in which they can run. */
  readonly nodes: readonly FloatNode[];
  /** The value whose arg max is the class. */
  readonly output: string;
  /** What the importer left out or changed, in sentences. */
  readonly notes: readonly string[];
}

/** The output's shape. @throws ModelError naming the node if the inputs do not fit */
export function nodeShape(node: FloatNode, inputs: readonly Shape[]): Shape {
  const [x = []] = inputs;
  switch (node.kind) {
    case "matmul":
      return matmulShape(node, node.weight.shape, x);
    case "conv":
      return convShape(node, node.window, node.weight.shape, x);
    case "add":
      return addShape(node, inputs, node.constant);
    case "map":
      return x;
    case "maxpool":
    case "averagepool":
      return poolShape(node, node.window, x);
    case "reshape":
      return reshapeShape(node, node.shape, x);
    case "transpose":
      return transposeShape(node, node.permutation, x);
  }
}

/** The shapes of all values. @throws ModelError naming the first node that does not fit */
export function graphShapes(graph: FloatGraph): Map<string, Shape> {
  const shapes = new Map<string, Shape>([[graph.input.name, graph.input.shape]]);
  for (const node of graph.nodes) shapes.set(node.output, nodeShape(node, inputsOf(node, shapes)));
  if (!shapes.has(graph.output)) throw new ModelError(`No node of ${graph.name} makes its output ${graph.output}`);
  return shapes;
}

/** The graph with each map moved into the sum before it, where nothing else reads that sum. */
export function fuseMaps(graph: FloatGraph): FloatGraph {
  const readers = new Map<string, number>([[graph.output, 1]]);
  for (const node of graph.nodes) for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const nodes: FloatNode[] = [];
  for (const node of graph.nodes) {
    const before = nodes.findIndex((n) => n.output === node.inputs[0]);
    const sum = nodes[before];
    if (node.kind === "map" && sum && "map" in sum && sum.kind !== "map" && sum.map === "none" && readers.get(sum.output) === 1)
      nodes[before] = { ...sum, map: node.map, output: node.output };
    else nodes.push(node);
  }
  return { ...graph, nodes };
}
