/** ONNX tensors as numbers: every element type a feed-forward network stores, from raw bytes or typed lists. */
import { ModelError } from "../../errors.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { DATA_TYPE, type TensorProto } from "./proto.ts";

/** A constant of the graph; integers are held as doubles. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Read = (view: DataView, offset: number) => number;

/** Bytes an element, and how to read one. */
const RAW: Readonly<Record<number, readonly [number, Read]>> = {
  [DATA_TYPE.FLOAT]: [4, (v, o) => v.getFloat32(o, true)],
  [DATA_TYPE.DOUBLE]: [8, (v, o) => v.getFloat64(o, true)],
  [DATA_TYPE.FLOAT16]: [2, (v, o) => halfFloat(v.getUint16(o, true))],
  [DATA_TYPE.INT64]: [8, (v, o) => Number(v.getBigInt64(o, true))],
  [DATA_TYPE.INT32]: [4, (v, o) => v.getInt32(o, true)],
  [DATA_TYPE.INT16]: [2, (v, o) => v.getInt16(o, true)],
  [DATA_TYPE.INT8]: [1, (v, o) => v.getInt8(o)],
  [DATA_TYPE.UINT8]: [1, (v, o) => v.getUint8(o)],
};

/** The numbers of a tensor. @throws ModelError naming the tensor if it is stored elsewhere, of another type, incomplete, or not finite */
export function readTensor(tensor: TensorProto): Constant {
  const { name, dims, dataType } = tensor;
  if (tensor.dataLocation === 1) throw new ModelError(`Tensor ${name} is stored in another file, circlet reads models of one file`);
  if (dims.some((d) => !Number.isSafeInteger(d) || d < 0)) throw new ModelError(`Tensor ${name} has the shape [${dims}]`);
  const count = sizeOf(dims);
  const kind = RAW[dataType];
  if (!kind) throw new ModelError(`Tensor ${name} has the data type ${dataType}, which circlet does not read`);
  const data = tensor.rawData.length > 0 ? fromBytes(name, tensor.rawData, kind, count) : Float64Array.from(typedList(tensor));
  if (data.length !== count) throw new ModelError(`Tensor ${name} has ${data.length} elements, its shape [${dims}] says ${count}`);
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new ModelError(`Tensor ${name} has the value ${data[bad]} at element ${bad}: weights must be finite`);
  return { name, shape: [...dims], data };
}

function fromBytes(name: string, bytes: Uint8Array, [size, read]: readonly [number, Read], count: number): Float64Array {
  if (bytes.length !== size * count) throw new ModelError(`Tensor ${name} has ${bytes.length} bytes, its shape says ${size * count}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Float64Array(count).map((_, i) => read(view, i * size));
}

function typedList(tensor: TensorProto): readonly number[] {
  switch (tensor.dataType) {
    case DATA_TYPE.FLOAT:
      return tensor.floatData;
    case DATA_TYPE.DOUBLE:
      return tensor.doubleData;
    case DATA_TYPE.INT64:
      return tensor.int64Data;
    case DATA_TYPE.FLOAT16:
      return tensor.int32Data.map(halfFloat);
    default:
      return tensor.int32Data;
  }
}

/** An IEEE binary16 number. */
export function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
