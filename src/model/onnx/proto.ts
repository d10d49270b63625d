/**
 * The subset of onnx.proto3 that a feed-forward network uses, between protobuf bytes and plain objects. Field numbers are those of the public
 * schema; fields outside the subset are skipped. protobufjs compiles its codecs, so a page with a policy against evaluation cannot load ONNX files.
 */
import protobuf from "protobufjs/light.js";

/** Codes of AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
} as const;

/** Codes of TensorProto.DataType. */
// biome-ignore format: a table
export const DATA_TYPE = {
  FLOAT: 1, UINT8: 2, INT8: 3, UINT16: 4, INT16: 5, INT32: 6, INT64: 7, STRING: 8, BOOL: 9, FLOAT16: 10, DOUBLE: 11, UINT32: 12, UINT64: 13, BFLOAT16: 16,
} as const;

/** `type` says which of the value fields counts; the others have their defaults (0, empty, null). */
export interface AttributeProto {
  name: string;
  /** One of ATTRIBUTE_TYPE; 0 in files older than IR version 2. */
  type: number;
  f: number;
  /** int64; beyond 2^53 in absolute value (the "to the end" of Slice) rounded to the nearest double. */
  i: number;
  /** UTF-8. */
  s: Uint8Array;
  t: TensorProto | null;
  g: GraphProto | null;
  floats: number[];
  ints: number[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
  docString: string;
  refAttrName: string;
}

/** Elements are row-major: little-endian in `rawData` (at any byte offset), else in the list of their type; 1-, 8-, 16-bit types and float16 bits in `int32Data`. */
export interface TensorProto {
  name: string;
  dims: number[];
  /** One of DATA_TYPE. */
  dataType: number;
  floatData: number[];
  int32Data: number[];
  int64Data: number[];
  doubleData: number[];
  uint64Data: number[];
  stringData: Uint8Array[];
  rawData: Uint8Array;
  docString: string;
  /** Where the elements are if `dataLocation` is 1 (in another file). */
  externalData: StringStringEntryProto[];
  dataLocation: number;
}

export interface StringStringEntryProto {
  key: string;
  value: string;
}

export interface OperatorSetIdProto {
  /** Empty or "ai.onnx" for the standard operators. */
  domain: string;
  version: number;
}

/** At most one of the two is there; neither means unknown. */
export interface DimensionProto {
  dimValue?: number;
  dimParam?: string;
}

export interface TensorShapeProto {
  dim: DimensionProto[];
}

export interface TypeProto {
  tensorType?: { elemType: number; shape: TensorShapeProto | null };
}

export interface ValueInfoProto {
  name: string;
  type: TypeProto | null;
  docString: string;
}

/** An empty name among `input` or `output` is an optional one left out. */
export interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
  docString: string;
}

/** `input` may repeat initializers (IR version 3 and older ask for it). */
export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
  docString: string;
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: number;
  docString: string;
  graph: GraphProto;
  opsetImport: OperatorSetIdProto[];
  metadataProps: StringStringEntryProto[];
}

/** What may be left out when writing: every field, at every depth. */
export type Partially<T> = T extends Uint8Array | string | number ? T : { [K in keyof T]?: Partially<T[K]> };

type Fields = Record<string, { id: number; type: string; rule?: "repeated" }>;

/** "name:number:type", a type ending in * is repeated. */
function message(fields: string): { fields: Fields } {
  const parsed: Fields = {};
  for (const field of fields.split(" ")) {
    const [name = "", id = "", type = ""] = field.split(":");
    parsed[name] = type.endsWith("*") ? { id: Number(id), type: type.slice(0, -1), rule: "repeated" } : { id: Number(id), type };
  }
  return { fields: parsed };
}

/** Read by protobufjs though absent from its type: proto3 packs repeated numbers. */
const schema = {
  edition: "proto3",
  nested: {
    ModelProto: message(
      "irVersion:1:int64 producerName:2:string producerVersion:3:string domain:4:string modelVersion:5:int64 docString:6:string graph:7:GraphProto opsetImport:8:OperatorSetIdProto* metadataProps:14:StringStringEntryProto*",
    ),
    GraphProto: message(
      "node:1:NodeProto* name:2:string initializer:5:TensorProto* docString:10:string input:11:ValueInfoProto* output:12:ValueInfoProto* valueInfo:13:ValueInfoProto*",
    ),
    NodeProto: message(
      "input:1:string* output:2:string* name:3:string opType:4:string attribute:5:AttributeProto* docString:6:string domain:7:string",
    ),
    AttributeProto: message(
      "name:1:string f:2:float i:3:int64 s:4:bytes t:5:TensorProto g:6:GraphProto floats:7:float* ints:8:int64* strings:9:bytes* tensors:10:TensorProto* graphs:11:GraphProto* docString:13:string type:20:int32 refAttrName:21:string",
    ),
    TensorProto: message(
      "dims:1:int64* dataType:2:int32 floatData:4:float* int32Data:5:int32* stringData:6:bytes* int64Data:7:int64* name:8:string rawData:9:bytes doubleData:10:double* uint64Data:11:uint64* docString:12:string externalData:13:StringStringEntryProto* dataLocation:14:int32",
    ),
    ValueInfoProto: message("name:1:string type:2:TypeProto docString:3:string"),
    TypeProto: { oneofs: { value: { oneof: ["tensorType"] } }, ...message("tensorType:1:TensorTypeProto") },
    TensorTypeProto: message("elemType:1:int32 shape:2:TensorShapeProto"),
    TensorShapeProto: message("dim:1:DimensionProto*"),
    DimensionProto: { oneofs: { value: { oneof: ["dimValue", "dimParam"] } }, ...message("dimValue:1:int64 dimParam:2:string") },
    OperatorSetIdProto: message("domain:1:string version:2:int64"),
    StringStringEntryProto: message("key:1:string value:2:string"),
  },
};
const root = protobuf.Root.fromJSON(schema);
const modelType = root.lookupType("ModelProto");

/**
 * Reads an ONNX file. Byte fields are views into `bytes`.
 * @returns every field of the interfaces above, absent ones with their defaults
 * @throws SyntaxError if the bytes are not a whole ONNX model with a graph and an operator set
 */
export function decodeModel(bytes: Uint8Array): ModelProto {
  // A plain view: a Node Buffer would make the byte fields Buffers too.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let model: ModelProto;
  try {
    model = modelType.toObject(modelType.decode(plain), { longs: Number, defaults: true }) as ModelProto;
  } catch (cause) {
    throw new SyntaxError("Not an ONNX model: the bytes are cut off or are not a protobuf message of its schema", { cause });
  }
  if (!model.graph) throw new SyntaxError("Not an ONNX model, or cut off: it has no graph");
  if (model.opsetImport.length === 0) throw new SyntaxError("Not an ONNX model, or cut off: it names no operator set");
  return model;
}

/** Writes an ONNX file; fields left out have their defaults. Equal objects give equal bytes. */
export function encodeModel(model: Partially<ModelProto>): Uint8Array {
  return Uint8Array.from(modelType.encode(modelType.fromObject(model)).finish());
}
