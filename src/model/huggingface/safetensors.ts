/**
 * Safetensors files: an 8-byte length, a JSON header of that length, then the tensors' bytes. All numbers are little-endian, tensors row-major.
 *
 * Header: { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }, ..., "__metadata__": { texts } }, offsets counted from the header's end.
 * The tensors fill the file: no byte belongs to none or to two.
 */
import { ModelError } from "../../errors.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import { LazyTensor } from "../../tensor/lazy.ts";
import { type FloatTensor, sizeOf } from "../../tensor/tensor.ts";
import { brainFloat16, float16 } from "../half.ts";
import type { ByteSource } from "../source.ts";
import { isRecord, keysOf, parseJson } from "./json.ts";

export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly source: ByteSource;
}

/** Bytes of a value, of every type that the format knows. */
const SIZES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** Types that are read, and how. */
const FLOATS: Readonly<Record<string, (view: DataView, count: number) => FloatTensor["data"]>> = {
  F64: (view, count) => Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true)),
  F32: (view, count) => converted(count, (i) => view.getFloat32(4 * i, true)),
  F16: (view, count) => converted(count, (i) => float16(view.getUint16(2 * i, true))),
  BF16: (view, count) => converted(count, (i) => brainFloat16(view.getUint16(2 * i, true))),
};

/** The format's own limit of headers. */
const MAX_HEADER = 100_000_000;
const MAX_RANK = 8;

/** The tensors of a file by name; nothing but the header is read. @throws SyntaxError if it is no safetensors file, naming the tensor that is wrong */
export function readSafetensors(source: ByteSource): Map<string, StoredTensor> {
  if (source.length < 8) throw new SyntaxError("Cannot read a safetensors file of less than 8 bytes");
  const prefix = source.read(0, 8);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > source.length)
    throw new SyntaxError(`Cannot read a safetensors file: its header has ${length} bytes, the file ${source.length}`);
  const text = decodeUtf8(source.read(8, length));
  const header = parseJson(text, "the header of a safetensors file");
  if (!isRecord(header)) throw new SyntaxError("Cannot read a safetensors file: its header is no object");
  const names = new Set<string>();
  const twice = keysOf(text).find((name) => names.size === names.add(name).size);
  if (twice !== undefined) throw new SyntaxError(`Cannot read a safetensors file with two tensors ${twice}`);
  const start = 8 + length;
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => entryOf(name, entry));
  let end = 0;
  for (const { name, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end)
      throw new SyntaxError(`Cannot read tensor ${name}: it begins at byte ${from} of the values, the one before ends at ${end}`);
    end = to;
  }
  if (start + end !== source.length)
    throw new SyntaxError(`Cannot read a safetensors file of ${source.length} bytes: its tensors end at byte ${start + end}`);
  return new Map(entries.map(({ name, dtype, shape, from }) => [name, { name, dtype, shape, offset: start + from, source }]));
}

/** The values of a stored tensor, read when they are asked for. @throws ModelError naming it if they are no floats */
export function lazyTensorOf({ name, dtype, shape, offset, source }: StoredTensor): LazyTensor {
  const read = FLOATS[dtype];
  const size = SIZES[dtype] ?? 0;
  if (!read) throw new ModelError(`Tensor ${name} has values of type ${dtype}, circlet reads ${Object.keys(FLOATS).join(", ")}`);
  const cells = sizeOf(shape.slice(1));
  return new LazyTensor(shape, (from, count) => {
    const bytes = source.read(offset + from * cells * size, count * cells * size);
    return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), count * cells);
  });
}

function entryOf(name: string, entry: unknown) {
  const wrong = (what: string): SyntaxError => new SyntaxError(`Cannot read tensor ${name}: ${what}`);
  if (!isRecord(entry)) throw wrong("its description is no object");
  const { dtype, shape, data_offsets: offsets, ...rest } = entry;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw wrong(`its description has ${unknown}`);
  const size = typeof dtype === "string" && Object.hasOwn(SIZES, dtype) ? SIZES[dtype] : undefined;
  if (typeof dtype !== "string" || size === undefined)
    throw wrong(`its type is ${String(dtype)}, known are ${Object.keys(SIZES).join(", ")}`);
  if (!naturals(shape) || shape.length > MAX_RANK || shape.includes(0)) throw wrong(`its shape is ${JSON.stringify(shape)}`);
  if (!naturals(offsets) || offsets.length !== 2) throw wrong(`its offsets are ${JSON.stringify(offsets)}`);
  const [from = 0, to = 0] = offsets;
  if (to - from !== size * sizeOf(shape)) throw wrong(`${to - from} bytes for shape [${shape}] of ${dtype}`);
  return { name, dtype, shape, from, to };
}

function naturals(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
}

function converted(count: number, value: (i: number) => number): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = value(i);
  return out;
}
