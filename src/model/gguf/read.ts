/**
 * GGUF files (versions 2 and 3): metadata and tensor descriptions. All numbers are little-endian.
 *
 * Layout: "GGUF", version, number of tensors, number of metadata pairs; the pairs (text, type, value); the tensors (text, dimensions, block type, offset);
 * then, aligned, the tensors' bytes. Dimensions are stored innermost first, here they are row-major.
 */
import { ModelError } from "../../errors.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import { type ByteSource, memorySource } from "../source.ts";

/** A metadata value; integers of 64 bits are numbers if they are exact. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
  /** Number of the block format, see dequantize.ts. */
  readonly type: number;
  /** First byte in the file. */
  readonly offset: number;
}

export interface GgufFile {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly source: ByteSource;
}

const MAGIC = 0x46554747;
const [TEXT, LIST] = [8, 9];
/** No list or number of dimensions is longer: a vocabulary has some hundred thousand entries. */
const MAX_ITEMS = 2 ** 24;
const MAX_RANK = 4;

/** Reads everything but the tensors' values. @throws SyntaxError if the bytes are no GGUF file or end too early */
export function readGguf(bytes: Uint8Array | ByteSource): GgufFile {
  const source = bytes instanceof Uint8Array ? memorySource(bytes) : bytes;
  const cursor = new Cursor(source);
  if (source.length < 4 || cursor.u32() !== MAGIC) throw new SyntaxError("Cannot read a GGUF file: it does not begin with its mark");
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new SyntaxError(`Cannot read a GGUF file of version ${version}, known are 2 and 3`);
  const tensorCount = cursor.count();
  const pairs = cursor.count();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairs; i++) {
    const key = cursor.text();
    if (metadata.has(key)) throw new SyntaxError(`Cannot read a GGUF file with two values of ${key}`);
    metadata.set(key, cursor.value(cursor.u32()));
  }
  const described = Array.from({ length: tensorCount }, () => {
    const name = cursor.text();
    const rank = cursor.u32();
    if (rank > MAX_RANK) throw new SyntaxError(`Cannot read tensor ${name} of ${rank} dimensions`);
    const shape = Array.from({ length: rank }, () => cursor.count()).reverse();
    return { name, shape, type: cursor.u32(), offset: cursor.count(Number.MAX_SAFE_INTEGER) };
  });
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || alignment < 1) throw new SyntaxError(`Cannot read a GGUF file aligned to ${alignment}`);
  const start = Math.ceil(cursor.offset / alignment) * alignment;
  const tensors = new Map(described.map((t): [string, GgufTensor] => [t.name, { ...t, offset: start + t.offset }]));
  if (tensors.size !== tensorCount) throw new SyntaxError("Cannot read a GGUF file with two tensors of one name");
  return { metadata, tensors, source };
}

/** A metadata value of a kind. @throws ModelError if it is missing or of another kind */
export function numberOf(file: GgufFile, key: string): number {
  const value = file.metadata.get(key);
  if (typeof value !== "number") throw new ModelError(`The GGUF file has no number ${key}`);
  return value;
}

/** A list of texts or numbers. @throws ModelError if it is missing or holds something else */
export function listOf<T extends "string" | "number">(
  file: GgufFile,
  key: string,
  kind: T,
): readonly (T extends "string" ? string : number)[] {
  const value = file.metadata.get(key);
  if (!Array.isArray(value) || value.some((v) => typeof v !== kind)) throw new ModelError(`The GGUF file has no list ${key}`);
  return value;
}

/** Bytes that are read at once. */
const WINDOW = 2 ** 16;

class Cursor {
  readonly #source: ByteSource;
  /** What was read last, from byte `#start` of the source on. */
  #window = new Uint8Array();
  #view = new DataView(new ArrayBuffer(0));
  #start = 0;
  offset = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  u32(): number {
    return this.#take(4, (at) => this.#view.getUint32(at, true));
  }

  /** An unsigned 64-bit number of things. */
  count(most = MAX_ITEMS): number {
    const value = Number(this.#take(8, (at) => this.#view.getBigUint64(at, true)));
    if (value > most) throw new SyntaxError(`Cannot read ${value} items from a GGUF file`);
    return value;
  }

  text(): string {
    const length = this.count();
    return this.#take(length, (at) => decodeUtf8(this.#window.subarray(at, at + length)));
  }

  /** A value of metadata type `type`. */
  value(type: number): GgufValue {
    switch (type) {
      case 0:
        return this.#take(1, (at) => this.#view.getUint8(at));
      case 1:
        return this.#take(1, (at) => this.#view.getInt8(at));
      case 2:
        return this.#take(2, (at) => this.#view.getUint16(at, true));
      case 3:
        return this.#take(2, (at) => this.#view.getInt16(at, true));
      case 4:
        return this.u32();
      case 5:
        return this.#take(4, (at) => this.#view.getInt32(at, true));
      case 6:
        return this.#take(4, (at) => this.#view.getFloat32(at, true));
      case 7:
        return this.#take(1, (at) => this.#view.getUint8(at) !== 0);
      case TEXT:
        return this.text();
      case LIST: {
        const item = this.u32();
        if (item === LIST) throw new SyntaxError("Cannot read lists of lists in a GGUF file");
        return Array.from({ length: this.count() }, () => this.value(item));
      }
      case 10:
        return Number(this.#take(8, (at) => this.#view.getBigUint64(at, true)));
      case 11:
        return Number(this.#take(8, (at) => this.#view.getBigInt64(at, true)));
      case 12:
        return this.#take(8, (at) => this.#view.getFloat64(at, true));
      default:
        throw new SyntaxError(`Cannot read a GGUF value of type ${type}`);
    }
  }

  /** What `read` makes of `size` bytes that begin at index `at` of the window. */
  #take<T>(size: number, read: (at: number) => T): T {
    const { length } = this.#source;
    if (this.offset + size > length) throw new SyntaxError(`Cannot read a GGUF file: it ends at byte ${length}`);
    if (this.offset + size > this.#start + this.#window.length) {
      this.#start = this.offset;
      this.#window = this.#source.read(this.#start, Math.min(Math.max(size, WINDOW), length - this.#start)) as Uint8Array<ArrayBuffer>;
      this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.byteLength);
    }
    const value = read(this.offset - this.#start);
    this.offset += size;
    return value;
  }
}
