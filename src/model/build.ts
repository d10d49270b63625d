/** From an ONNX file and its description to a model that can be committed and proven. Deterministic: the same bytes give the same program on every runtime. */
import { ModelError } from "../errors.ts";
import { type CellEncoding, inputRange, inputShape, type OutputDecoding } from "../statement/encoding.ts";
import { floatTensor, sameShape, sizeOf } from "../tensor/tensor.ts";
import { type CompiledProgram, compileProgram } from "./compile.ts";
import type { ModelDescription } from "./description.ts";
import { type FloatGraph, graphShapes } from "./graph.ts";
import { importOnnx } from "./onnx/import.ts";
import type { IntegerProgram } from "./program.ts";
import { type QuantizationBits, quantize } from "./quantize.ts";

/** A model before quantization. */
export interface FloatModel {
  readonly name: string;
  /** The float network, on the scale of the raw input cells times 2^-exponent. */
  readonly graph: FloatGraph;
  readonly input: CellEncoding;
  readonly output: OutputDecoding;
}

export interface Model extends FloatModel {
  readonly program: IntegerProgram;
  readonly compiled: CompiledProgram;
}

/** Imports an ONNX file as its description says. @throws SyntaxError if the bytes are no ONNX model @throws ModelError if the two do not fit each other */
export function importModel(onnx: Uint8Array, description: ModelDescription): FloatModel {
  const imported = importOnnx(onnx);
  const divisor = description.input.kind === "tensor" ? (description.input.divisor ?? 1) : 1;
  const graph = { ...(divisor === 1 ? imported : divideInput(imported, divisor)), name: description.name };
  const input: CellEncoding =
    description.input.kind === "ngrams"
      ? description.input
      : { kind: "tensor", shape: graph.input.shape, exponent: description.input.exponent, range: description.input.range };
  if (!sameShape(inputShape(input), graph.input.shape))
    throw new ModelError(`The description has ${sizeOf(inputShape(input))} input cells, the network has shape [${graph.input.shape}]`);
  const classes = sizeOf(graphShapes(graph).get(graph.output) ?? []);
  const labels = description.labels ?? Array.from({ length: classes }, (_, k) => `${k}`);
  if (labels.length !== classes) throw new ModelError(`The description has ${labels.length} labels, the network has ${classes} outputs`);
  return { name: description.name, graph, input, output: { labels } };
}

/** Imports, quantizes and compiles. `bits` replaces what the description says of them. @throws SyntaxError if the bytes are no ONNX model @throws ModelError if it cannot be proven */
export function buildModel(
  onnx: Uint8Array,
  description: ModelDescription,
  bits: QuantizationBits = description.quantization ?? {},
): Model {
  return quantizeModel(importModel(onnx, description), bits);
}

/** Quantizes and compiles. @throws ModelError if it cannot be proven */
export function quantizeModel(float: FloatModel, bits: QuantizationBits): Model {
  const { graph, input } = float;
  const groups = input.kind === "ngrams" ? { groups: input.groups.map((group) => group.length) } : {};
  const program = quantize(graph, { ...bits, input: { exponent: input.exponent, range: inputRange(input), ...groups } });
  return { ...float, program, compiled: compileProgram(program) };
}

/** The network that gives the same outputs for an input `divisor` times as large. @throws ModelError if a node other than a sum reads the input */
export function divideInput(graph: FloatGraph, divisor: number): FloatGraph {
  const nodes = graph.nodes.map((node) => {
    if (!node.inputs.includes(graph.input.name)) return node;
    if (node.kind !== "matmul" && node.kind !== "conv")
      throw new ModelError(`Node ${node.name} reads the input, whose divisor only a MatMul or a Conv can take over`);
    return {
      ...node,
      weight: floatTensor(
        node.weight.shape,
        Float64Array.from(node.weight.data, (w) => w / divisor),
      ),
    };
  });
  return { ...graph, nodes };
}
