/**
 * The values of GGUF tensors as 32-bit floats: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K, Q6_K. A block of a quantized format has one or a few scales (16-bit
 * floats) and small integers: value = scale * integer (+ minimum).
 */
import { ModelError } from "../../errors.ts";
import { LazyTensor } from "../../tensor/lazy.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { brainFloat16, float16 } from "../half.ts";
import type { GgufFile, GgufTensor } from "./read.ts";

/** Writes the values of the block at byte `at` from index `to` on. */
type Block = (view: DataView, at: number, out: Float32Array, to: number) => void;

interface Format {
  readonly name: string;
  /** Values and bytes of a block. */
  readonly values: number;
  readonly bytes: number;
  readonly read: Block;
}

const SUPER = 256;

const f32: Block = (view, at, out, to) => {
  out[to] = view.getFloat32(at, true);
};

const f16: Block = (view, at, out, to) => {
  out[to] = half(view, at);
};

const bf16: Block = (view, at, out, to) => {
  out[to] = brainFloat16(view.getUint16(at, true));
};

const q8: Block = (view, at, out, to) => {
  const d = half(view, at);
  for (let i = 0; i < 32; i++) out[to + i] = d * view.getInt8(at + 2 + i);
};

const q4: Block = (view, at, out, to) => {
  const d = half(view, at);
  for (let i = 0; i < 16; i++) {
    const pair = view.getUint8(at + 2 + i);
    out[to + i] = d * ((pair & 15) - 8);
    out[to + i + 16] = d * ((pair >> 4) - 8);
  }
};

const q4WithMinimum: Block = (view, at, out, to) => {
  const [d, m] = [half(view, at), half(view, at + 2)];
  for (let i = 0; i < 16; i++) {
    const pair = view.getUint8(at + 4 + i);
    out[to + i] = d * (pair & 15) + m;
    out[to + i + 16] = d * (pair >> 4) + m;
  }
};

/** 8 groups of 32; their scales and minima are packed as 6-bit integers in 12 bytes. */
const q4Super: Block = (view, at, out, to) => {
  const [d, m] = [half(view, at), half(view, at + 2)];
  const packed = (i: number) => view.getUint8(at + 4 + i);
  for (let g = 0; g < 8; g++) {
    const scale = g < 4 ? packed(g) & 63 : (packed(g + 4) & 15) | ((packed(g - 4) >> 6) << 4);
    const least = g < 4 ? packed(g + 4) & 63 : (packed(g + 4) >> 4) | ((packed(g) >> 6) << 4);
    for (let i = 0; i < 32; i++) {
      const pair = view.getUint8(at + 16 + 32 * (g >> 1) + i);
      out[to + 32 * g + i] = d * scale * (g % 2 === 0 ? pair & 15 : pair >> 4) - m * least;
    }
  }
};

/** 16 groups of 16 with 8-bit scales; 4 low bits and 2 high bits of a value are apart. */
const q6Super: Block = (view, at, out, to) => {
  const d = half(view, at + 208);
  for (let i = 0; i < SUPER; i++) {
    const [part, within] = [i >> 7, i & 127];
    const [row, column] = [within >> 5, within & 31];
    const low = view.getUint8(at + 64 * part + 32 * (row & 1) + column) >> (row < 2 ? 0 : 4);
    const high = view.getUint8(at + 128 + 32 * part + column) >> (2 * row);
    const scale = view.getInt8(at + 192 + (i >> 4));
    out[to + i] = d * scale * (((low & 15) | ((high & 3) << 4)) - 32);
  }
};

const FORMATS = new Map<number, Format>([
  [0, { name: "F32", values: 1, bytes: 4, read: f32 }],
  [1, { name: "F16", values: 1, bytes: 2, read: f16 }],
  [2, { name: "Q4_0", values: 32, bytes: 18, read: q4 }],
  [3, { name: "Q4_1", values: 32, bytes: 20, read: q4WithMinimum }],
  [8, { name: "Q8_0", values: 32, bytes: 34, read: q8 }],
  [12, { name: "Q4_K", values: SUPER, bytes: 144, read: q4Super }],
  [14, { name: "Q6_K", values: SUPER, bytes: 210, read: q6Super }],
  [30, { name: "BF16", values: 1, bytes: 2, read: bf16 }],
]);

/**
 * A tensor, whose values are read when they are asked for. @throws ModelError naming it if it is missing, of another shape or in an unknown format @throws
 * SyntaxError if the file ends in it
 */
export function tensorOf(file: GgufFile, name: string, shape?: readonly number[]): LazyTensor {
  const tensor = file.tensors.get(name);
  if (!tensor) throw new ModelError(`The GGUF file has no tensor ${name}`);
  if (shape && tensor.shape.join() !== shape.join())
    throw new ModelError(`Tensor ${name} has shape [${tensor.shape}], expected is [${shape}]`);
  return dequantized(file, tensor);
}

function dequantized({ source }: GgufFile, tensor: GgufTensor): LazyTensor {
  const format = FORMATS.get(tensor.type);
  const known = () => [...FORMATS.values()].map((f) => f.name).join(", ");
  if (!format) throw new ModelError(`Tensor ${tensor.name} is in GGUF's format number ${tensor.type}, known are ${known()}`);
  const cells = sizeOf(tensor.shape);
  const perRow = tensor.shape.length > 1 ? sizeOf(tensor.shape.slice(1)) : 1;
  const blocks = cells / format.values;
  // Blocks do not cross rows, but a vector's blocks hold several of its cells.
  if (!Number.isInteger(blocks) || (tensor.shape.length > 1 && perRow % format.values !== 0))
    throw new ModelError(`Tensor ${tensor.name} of shape [${tensor.shape}] is not made of ${format.name} blocks of ${format.values}`);
  if (tensor.offset + blocks * format.bytes > source.length)
    throw new SyntaxError(`Cannot read tensor ${tensor.name}: the file ends in it`);
  return new LazyTensor(tensor.shape, (from, count) => {
    const first = Math.floor((from * perRow) / format.values);
    const end = Math.ceil(((from + count) * perRow) / format.values);
    const bytes = source.read(tensor.offset + first * format.bytes, (end - first) * format.bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out = new Float32Array((end - first) * format.values);
    for (let b = 0; b < end - first; b++) format.read(view, b * format.bytes, out, b * format.values);
    const skipped = from * perRow - first * format.values;
    return skipped === 0 && out.length === count * perRow ? out : out.slice(skipped, skipped + count * perRow);
  });
}

/** The 16-bit float at a byte. */
function half(view: DataView, at: number): number {
  return float16(view.getUint16(at, true));
}
