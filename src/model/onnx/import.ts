/**
 * ONNX file to float graph. One input, one output; a leading batch dimension of 1 (or of unknown size) is dropped. Operators outside the list in operators.ts are refused
 * by name.
 */
import { ModelError } from "../../errors.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { type FloatGraph, type FloatNode, graphShapes } from "../graph.ts";
import { Attributes } from "./attributes.ts";
import { ImportContext } from "./context.ts";
import { CONVERTERS } from "./operators.ts";
import { decodeModel, type NodeProto, type ValueInfoProto } from "./proto.ts";
import { readTensor } from "./tensors.ts";

/**
 * Imports an ONNX model.
 * @throws SyntaxError if the bytes are no ONNX model
 * @throws ModelError naming the operator, node or tensor that circlet does not admit
 */
export function importOnnx(bytes: Uint8Array): FloatGraph {
  const { graph } = decodeModel(bytes);
  const initialized = new Set(graph.initializer.map((t) => t.name));
  const inputs = graph.input.filter((i) => !initialized.has(i.name));
  const [input] = inputs;
  if (!input || inputs.length !== 1) throw new ModelError(`The model has ${inputs.length} inputs, circlet admits one`);
  const [output] = graph.output;
  if (!output || graph.output.length !== 1) throw new ModelError(`The model has ${graph.output.length} outputs, circlet admits one`);
  const { shape, batch } = inputShape(input);
  const context = new ImportContext(graph, batch);
  context.define(input.name, shape);
  for (const tensor of graph.initializer) context.constants.set(tensor.name, readTensor(tensor));
  for (const node of graph.node) convert(context, node);
  const result = {
    name: graph.name || "model",
    input: { name: input.name, shape },
    nodes: needed(context, output.name),
    output: context.resolve(output.name),
    notes: context.notes,
  };
  graphShapes(result);
  return result;
}

function convert(context: ImportContext, proto: NodeProto): void {
  const [output] = proto.output;
  const name = proto.name || output || "without a name";
  const converter =
    (proto.domain === "" || proto.domain === "ai.onnx") && Object.hasOwn(CONVERTERS, proto.opType) ? CONVERTERS[proto.opType] : undefined;
  if (!converter)
    throw new ModelError(
      `Node ${name} is the operator ${proto.domain ? `${proto.domain}.` : ""}${proto.opType}, which circlet does not admit`,
    );
  if (!output) throw new ModelError(`Node ${name} has no output`);
  const extra = proto.output.slice(1).find((o) => context.readersOf(o) > 0);
  if (extra) throw new ModelError(`Node ${name} has a second output ${extra}, which circlet does not compute`);
  converter(context, { name, operator: proto.opType, input: proto.input, output, attributes: new Attributes(proto, name) });
}

/** The input's shape without a batch. Two or more dimensions, the first 1 or unknown, have one; images always do. */
function inputShape({ name, type }: ValueInfoProto): { shape: Shape; batch: 0 | 1 } {
  const dims = type?.tensorType?.shape?.dim;
  if (!dims || dims.length === 0) throw new ModelError(`The model's input ${name} has no shape`);
  const sizes = dims.map((d) => ((d.dimValue ?? 0) > 0 ? (d.dimValue ?? 0) : null));
  const batched = dims.length === 4 || (dims.length > 1 && (sizes[0] === 1 || sizes[0] === null));
  const shape = (batched ? sizes.slice(1) : sizes).map((size, d) => {
    if (size === null) throw new ModelError(`The model's input ${name} has no fixed size in dimension ${d + (batched ? 1 : 0)}`);
    return size;
  });
  return { shape, batch: batched ? 1 : 0 };
}

/** The nodes that the output depends on, in order. */
function needed(context: ImportContext, output: string): FloatNode[] {
  const wanted = new Set([context.resolve(output)]);
  return [...context.nodes]
    .reverse()
    .filter((node) => {
      if (!wanted.has(node.output)) return false;
      for (const input of node.inputs) wanted.add(input);
      return true;
    })
    .reverse();
}
