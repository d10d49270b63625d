/** ONNX operators as nodes of a float graph. Each converter adds nodes, names or constants to the context, or refuses with a sentence that names the node. */
import { ModelError } from "../../errors.ts";
import { type FloatTensor, floatTensor, sameShape, sizeOf, transposedIndices } from "../../tensor/tensor.ts";
import type { MapName } from "../graph.ts";
import type { ImportContext, SourceNode } from "./context.ts";
import { type Constant, readTensor } from "./tensors.ts";

type Converter = (context: ImportContext, node: SourceNode) => void;

export const CONVERTERS: Readonly<Record<string, Converter>> = {
  Conv: convertConv,
  Gemm: convertGemm,
  MatMul: convertMatMul,
  Add: convertAdd,
  Mul: convertMul,
  MaxPool(context, node) {
    demandFloor(context, node);
    addPool(context, node, "maxpool");
  },
  AveragePool(context, node) {
    demandFloor(context, node);
    addPool(context, node, "averagepool");
  },
  GlobalAveragePool(context, node) {
    const [, height = 1, width = 1] = context.shapeOf(input(node, 0));
    const window = { kernel: [height, width], strides: [1, 1], dilations: [1, 1], padsBefore: [0, 0], padsAfter: [0, 0] } as const;
    context.add({ kind: "averagepool", name: node.name, inputs: [context.resolve(input(node, 0))], output: node.output, window });
  },
  Relu: (context, node) => addMap(context, node, "relu"),
  Sigmoid: (context, node) => addMap(context, node, "sigmoid"),
  Tanh: (context, node) => addMap(context, node, "tanh"),
  Gelu(context, node) {
    const approximate = node.attributes.text("approximate", "none");
    node.attributes.demand("approximate", approximate, ["none", "tanh"]);
    addMap(context, node, approximate === "tanh" ? "gelu-tanh" : "gelu");
  },
  Swish: convertSwish,
  Silu: convertSwish,
  Flatten(context, node) {
    const axis = node.attributes.integer("axis", 1);
    const shape = context.shapeOf(input(node, 0));
    if ((axis < 0 ? axis + shape.length + context.batch : axis) !== context.batch)
      throw new ModelError(`Node ${node.name} flattens from axis ${axis}, circlet admits the first after the batch`);
    addReshape(context, node, [sizeOf(shape)]);
  },
  Reshape: convertReshape,
  Transpose: convertTranspose,
  Softmax: dropAtEnd,
  LogSoftmax: dropAtEnd,
  ArgMax: dropAtEnd,
  Identity: (context, node) => context.alias(node.output, input(node, 0)),
  Dropout: (context, node) => context.alias(node.output, input(node, 0)),
  Constant: convertConstant,
};

function convertConv(context: ImportContext, node: SourceNode): void {
  const weight = constantOf(context, node, 1, "weights");
  const bias = node.input[2] ? tensorOf(constantOf(context, node, 2, "bias")) : null;
  const shape = context.shapeOf(input(node, 0));
  node.attributes.demand("group", node.attributes.integer("group", 1), [1]);
  const [outputs = 0, , rows = 0, columns = 0] = weight.shape;
  if (weight.shape.length !== 4)
    throw new ModelError(`Node ${node.name} convolves with weights of shape [${weight.shape}], circlet admits two spatial dimensions`);
  const window = node.attributes.window(shape, [rows, columns]);
  if (!sameShape(window.kernel, [rows, columns]) || (bias && !sameShape(bias.shape, [outputs])))
    throw new ModelError(`Node ${node.name} has weights or a bias of another shape than its attributes say`);
  context.add({
    kind: "conv",
    name: node.name,
    inputs: [context.resolve(input(node, 0))],
    output: node.output,
    window,
    weight: tensorOf(weight),
    bias,
    map: "none",
  });
}

function convertGemm(context: ImportContext, node: SourceNode): void {
  const { attributes } = node;
  attributes.demand("transA", attributes.integer("transA", 0), [0]);
  const matrix = constantOf(context, node, 1, "weights");
  if (matrix.shape.length !== 2 || context.shapeOf(input(node, 0)).length + context.batch > 2)
    throw new ModelError(`Node ${node.name} is a Gemm of values that are no matrices`);
  const upright = attributes.integer("transB", 0) === 1 ? matrix : transposed(matrix, [1, 0]);
  const weight = tensorOf({ ...upright, data: upright.data.map((w) => w * attributes.float("alpha", 1)) });
  const outputs = weight.shape[0] ?? 0;
  let bias: FloatTensor | null = null;
  if (node.input[2]) {
    const given = constantOf(context, node, 2, "bias");
    bias = perChannel({ ...given, data: given.data.map((b) => b * attributes.float("beta", 1)) }, outputs, 0);
    if (!bias) throw new ModelError(`Node ${node.name} has a bias of shape [${given.shape}] for ${outputs} outputs`);
  }
  context.add({
    kind: "matmul",
    name: node.name,
    inputs: [context.resolve(input(node, 0))],
    output: node.output,
    weight,
    bias,
    map: "none",
  });
}

function convertMatMul(context: ImportContext, node: SourceNode): void {
  const matrix = constantOf(context, node, 1, "second factor");
  if (matrix.shape.length !== 2)
    throw new ModelError(`Node ${node.name} multiplies with a constant of shape [${matrix.shape}], circlet admits matrices`);
  context.add({
    kind: "matmul",
    name: node.name,
    inputs: [context.resolve(input(node, 0))],
    output: node.output,
    weight: tensorOf(transposed(matrix, [1, 0])),
    bias: null,
    map: "none",
  });
}

function convertAdd(context: ImportContext, node: SourceNode): void {
  const [a, b] = [input(node, 0), input(node, 1)];
  const base = { kind: "add" as const, name: node.name, output: node.output, map: "none" as const };
  const constant = context.constants.get(b) ?? context.constants.get(a);
  if (!constant) {
    context.add({ ...base, inputs: [context.resolve(a), context.resolve(b)], constant: null });
    return;
  }
  const value = context.constants.has(b) ? a : b;
  const source = context.nodes.findIndex((n) => n.output === context.resolve(value));
  const sum = context.nodes[source];
  if ((sum?.kind === "conv" || sum?.kind === "matmul") && sum.output === value && context.readersOf(value) === 1) {
    const bias = perChannel(constant, sum.weight.shape[0] ?? 0, sum.kind === "conv" ? 2 : 0);
    if (bias) {
      const old = sum.bias?.data;
      context.nodes[source] = {
        ...sum,
        bias: old ? floatTensor(bias.shape, bias.data.map((v, i) => v + (old[i] ?? 0)) as Float64Array) : bias,
      };
      context.alias(node.output, value);
      return;
    }
  }
  const rank = context.shapeOf(value).length;
  const sizes =
    constant.shape.length > rank && constant.shape[0] === 1 ? constant.shape.slice(constant.shape.length - rank) : constant.shape;
  const shape = [...Array.from({ length: rank - sizes.length }, () => 1), ...sizes];
  if (shape.length !== rank || sizeOf(shape) !== constant.data.length)
    throw new ModelError(`Node ${node.name} adds a constant of shape [${constant.shape}] to shape [${context.shapeOf(value)}]`);
  context.add({ ...base, inputs: [context.resolve(value)], constant: floatTensor(shape, constant.data) });
}

/** x * Sigmoid(x), which is Silu; nothing else. */
function convertMul(context: ImportContext, node: SourceNode): void {
  const names = [context.resolve(input(node, 0)), context.resolve(input(node, 1))];
  const gate = context.nodes.find((n) => n.kind === "map" && n.map === "sigmoid" && names.includes(n.output));
  const [x] = gate?.inputs ?? [];
  if (!gate || x === undefined || !names.includes(x))
    throw new ModelError(`Node ${node.name} is a Mul, which circlet admits as x times Sigmoid(x) only`);
  context.add({ kind: "map", name: node.name, inputs: [x], output: node.output, map: "silu" });
}

function convertSwish(context: ImportContext, node: SourceNode): void {
  node.attributes.demand("alpha", node.attributes.float("alpha", 1), [1]);
  addMap(context, node, "silu");
}

function convertReshape(context: ImportContext, node: SourceNode): void {
  const wanted = node.attributes.integers("shape") ?? [...constantOf(context, node, 1, "shape").data];
  const constant = context.constants.get(input(node, 0));
  const from = constant ? constant.shape : [...(context.batch ? [1] : []), ...context.shapeOf(input(node, 0))];
  const zeros = node.attributes.integer("allowzero", 0) === 1;
  const copied = wanted.map((s, d) => (s === 0 && !zeros ? (from[d] ?? 0) : s));
  const known = copied.reduce((n, s) => (s === -1 ? n : n * s), 1);
  const shape = copied.map((s) => (s === -1 ? sizeOf(from) / known : s));
  if (sizeOf(shape) !== sizeOf(from) || shape.some((s) => !(Number.isInteger(s) && s > 0)))
    throw new ModelError(`Node ${node.name} reshapes [${from}] to [${wanted}]`);
  if (constant) context.constants.set(node.output, { ...constant, shape });
  else if (context.batch && shape[0] !== 1)
    throw new ModelError(`Node ${node.name} reshapes [${from}] to [${shape}], which moves the batch dimension`);
  else addReshape(context, node, shape.slice(context.batch));
}

function convertTranspose(context: ImportContext, node: SourceNode): void {
  const constant = context.constants.get(input(node, 0));
  const rank = constant ? constant.shape.length : context.shapeOf(input(node, 0)).length + context.batch;
  const permutation = node.attributes.integers("perm") ?? Array.from({ length: rank }, (_, d) => rank - 1 - d);
  if (constant) {
    context.constants.set(node.output, transposed(constant, permutation));
    return;
  }
  if (context.batch && permutation[0] !== 0)
    throw new ModelError(`Node ${node.name} permutes [${permutation}], which moves the batch dimension`);
  const inner = permutation.slice(context.batch).map((p) => p - context.batch);
  context.add({ kind: "transpose", name: node.name, inputs: [context.resolve(input(node, 0))], output: node.output, permutation: inner });
}

/** Softmax keeps the order of its inputs, and ArgMax is what circlet ends with itself. */
function dropAtEnd(context: ImportContext, node: SourceNode): void {
  const rank = context.shapeOf(input(node, 0)).length + context.batch;
  const axis = node.attributes.integer("axis", node.operator === "ArgMax" ? 0 : -1);
  const last = axis === -1 || axis === rank - 1 || (axis === 1 && rank === 2);
  if (!context.isOutput(node.output) || !last)
    throw new ModelError(`Node ${node.name} is a ${node.operator}, which circlet admits as the last node and over the last axis`);
  if (node.operator === "ArgMax") node.attributes.demand("select_last_index", node.attributes.integer("select_last_index", 0), [0]);
  context.notes.push(`${node.operator} at the end is left out: the class is the arg max of its input`);
  context.alias(node.output, input(node, 0));
}

function convertConstant(context: ImportContext, node: SourceNode): void {
  const { attributes } = node;
  const tensor = attributes.tensor("value");
  let constant: Constant;
  if (tensor) constant = readTensor({ ...tensor, name: tensor.name || node.output });
  else {
    const list = attributes.floats(attributes.has("value_floats") ? "value_floats" : "value_float") ?? [];
    const integers = attributes.integers("value_ints");
    if (attributes.has("value_float"))
      constant = { name: node.output, shape: [], data: Float64Array.of(attributes.float("value_float", 0)) };
    else if (attributes.has("value_int"))
      constant = { name: node.output, shape: [], data: Float64Array.of(attributes.integer("value_int", 0)) };
    else if (attributes.has("value_floats")) constant = { name: node.output, shape: [list.length], data: Float64Array.from(list) };
    else if (integers && attributes.has("value_ints"))
      constant = { name: node.output, shape: [integers.length], data: Float64Array.from(integers) };
    else throw new ModelError(`Node ${node.name} is a Constant of a kind that circlet does not read`);
    if (constant.data.some((v) => !Number.isFinite(v))) throw new ModelError(`Node ${node.name} has a value that is not finite`);
  }
  context.constants.set(node.output, constant);
}

function addMap(context: ImportContext, node: SourceNode, map: MapName): void {
  context.add({ kind: "map", name: node.name, inputs: [context.resolve(input(node, 0))], output: node.output, map });
}

function addReshape(context: ImportContext, node: SourceNode, shape: readonly number[]): void {
  context.add({ kind: "reshape", name: node.name, inputs: [context.resolve(input(node, 0))], output: node.output, shape });
}

function addPool(context: ImportContext, node: SourceNode, kind: "maxpool" | "averagepool"): void {
  const window = node.attributes.window(context.shapeOf(input(node, 0)));
  if (kind === "averagepool" && [...window.padsBefore, ...window.padsAfter].some((p) => p > 0))
    node.attributes.demand("count_include_pad with padding", node.attributes.integer("count_include_pad", 0), [1]);
  context.add({ kind, name: node.name, inputs: [context.resolve(input(node, 0))], output: node.output, window });
}

/** Pooling sizes round down; ceil_mode is admitted where that makes no difference. */
function demandFloor(context: ImportContext, node: SourceNode): void {
  if (node.attributes.integer("ceil_mode", 0) === 0) return;
  const shape = context.shapeOf(input(node, 0));
  const { kernel, strides, dilations, padsBefore, padsAfter } = node.attributes.window(shape);
  const uneven = ([0, 1] as const).some(
    (d) => ((shape[d + 1] ?? 0) + padsBefore[d] + padsAfter[d] - (kernel[d] - 1) * dilations[d] - 1) % strides[d] !== 0,
  );
  if (uneven) throw new ModelError(`Node ${node.name} rounds its output size up (ceil_mode), which circlet does not admit`);
}

function input(node: SourceNode, index: number): string {
  const name = node.input[index];
  if (!name) throw new ModelError(`Node ${node.name} lacks its input ${index}`);
  return name;
}

function constantOf(context: ImportContext, node: SourceNode, index: number, what: string): Constant {
  const constant = context.constants.get(input(node, index));
  if (!constant)
    throw new ModelError(`Node ${node.name} (${node.operator}) takes its ${what} from ${input(node, index)}, which is no constant`);
  return constant;
}

/** A constant as one number a channel, where `after` dimensions follow the channels; null if it is none. */
function perChannel(constant: Constant, channels: number, after: number): FloatTensor | null {
  const { shape, data } = constant;
  if (data.length === 1) return floatTensor([channels], new Float64Array(channels).fill(data[0] ?? 0));
  const at = shape.length - 1 - after;
  return data.length === channels && shape[at] === channels ? floatTensor([channels], data) : null;
}

function transposed(constant: Constant, permutation: readonly number[]): Constant {
  const indices = transposedIndices(constant.shape, permutation);
  return {
    name: constant.name,
    shape: permutation.map((p) => constant.shape[p] ?? 1),
    data: Float64Array.from(indices, (i) => constant.data[i]!),
  };
}

function tensorOf({ shape, data }: Constant): FloatTensor {
  return floatTensor(shape, data);
}
