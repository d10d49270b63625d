/** Small pieces from which a standard ONNX model is put together, for `encodeModel`. */
import {
  ATTRIBUTE_TYPE,
  type AttributeProto,
  DATA_TYPE,
  encodeModel,
  type GraphProto,
  type NodeProto,
  type Partially,
  type TensorProto,
  type ValueInfoProto,
} from "./proto.ts";

/** An integer, a list of integers or a text. */
export type AttributeValue = number | readonly number[] | string;

/** A float tensor; values are rounded to float32 and stored little-endian. @throws RangeError if the number of values is not that of the shape */
export function floatTensor(name: string, shape: readonly number[], values: ArrayLike<number>): Partially<TensorProto> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (values.length !== count) throw new RangeError(`Tensor ${name} of shape [${shape}] has ${count} values, ${values.length} were given`);
  const rawData = new Uint8Array(4 * count);
  const view = new DataView(rawData.buffer);
  for (let i = 0; i < count; i++) view.setFloat32(4 * i, values[i]!, true);
  return { name, dims: [...shape], dataType: DATA_TYPE.FLOAT, rawData };
}

/** An input or output of the graph: a float tensor of fixed shape. */
export const floatValue = (name: string, shape: readonly number[]): Partially<ValueInfoProto> => ({
  name,
  type: { tensorType: { elemType: DATA_TYPE.FLOAT, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
});

/** A node with one output, which has the node's name. @throws RangeError if a numeric attribute is not an integer */
export function node(
  opType: string,
  name: string,
  input: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Partially<NodeProto> {
  return {
    name,
    opType,
    input: [...input],
    output: [name],
    attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  };
}

/** The file's bytes, IR version 7. @param opset version of the standard operators */
export const writeModel = (graph: Partially<GraphProto>, opset: number, producerName: string): Uint8Array =>
  encodeModel({ irVersion: 7, producerName, opsetImport: [{ domain: "", version: opset }], graph });

function attribute(name: string, value: AttributeValue): Partially<AttributeProto> {
  if (typeof value === "string") return { name, type: ATTRIBUTE_TYPE.STRING, s: new TextEncoder().encode(value) };
  if (![value].flat().every((v) => Number.isSafeInteger(v))) throw new RangeError(`Attribute ${name} is ${value}, expected integers`);
  return typeof value === "number" ? { name, type: ATTRIBUTE_TYPE.INT, i: value } : { name, type: ATTRIBUTE_TYPE.INTS, ints: [...value] };
}
