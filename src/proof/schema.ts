/**
 * Canonical binary encoding of plain data, both directions from one description (SPEC §10.1). Integers are 32-bit little-endian, lists and strings carry
 * their length; every value has exactly one encoding. Decoding checks lengths before it allocates.
 */

import { decodeUtf8, encodeUtf8 } from "../statement/utf8.ts";

/** Reads and writes one type. `read` throws SyntaxError on anything that `write` does not produce. */
export interface Codec<T> {
  write(out: Writer, value: T): void;
  read(input: Reader): T;
}

export class Writer {
  #bytes = new Uint8Array(1024);
  #length = 0;

  u32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new RangeError(`Cannot encode ${value} as an unsigned 32-bit integer`);
    new DataView(this.#reserve(4).buffer).setUint32(this.#length - 4, value, true);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length).set(value, this.#length - value.length);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): Uint8Array {
    if (this.#length + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length += count;
    return this.#bytes;
  }
}

export class Reader {
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#view.byteLength - this.#offset;
  }

  u32(): number {
    this.#need(4);
    this.#offset += 4;
    return this.#view.getUint32(this.#offset - 4, true);
  }

  bytes(count: number): Uint8Array {
    this.#need(count);
    this.#offset += count;
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#offset - count, count).slice();
  }

  #need(count: number): void {
    if (this.left < count) throw new SyntaxError(`Cannot read ${count} bytes at offset ${this.#offset}: only ${this.left} are left`);
  }
}

export const u32: Codec<number> = { write: (out, v) => out.u32(v), read: (input) => input.u32() };

export const i32: Codec<number> = {
  write: (out, v) => {
    if ((v | 0) !== v) throw new RangeError(`Cannot encode ${v} as a signed 32-bit integer`);
    out.u32(v >>> 0);
  },
  read: (input) => input.u32() | 0,
};

export const text: Codec<string> = {
  write: (out, v) => {
    const bytes = encodeUtf8(v);
    out.u32(bytes.length);
    out.bytes(bytes);
  },
  read: (input) => {
    try {
      return decodeUtf8(input.bytes(input.u32()));
    } catch (error) {
      throw error instanceof RangeError ? new SyntaxError(error.message) : error;
    }
  },
};

/** Words of a fixed count. */
export function words(count: number): Codec<Uint32Array> {
  return {
    write: (out, v) => {
      if (v.length !== count) throw new RangeError(`Cannot encode ${v.length} words as ${count}`);
      for (const word of v) out.u32(word);
    },
    read: (input) => Uint32Array.from({ length: count }, () => input.u32()),
  };
}

/** A list with its length; every item takes at least `least` bytes, so a length that the rest cannot hold is refused at once. */
export function list<T>(item: Codec<T>, least = 4): Codec<readonly T[]> {
  return {
    write: (out, v) => {
      out.u32(v.length);
      for (const x of v) item.write(out, x);
    },
    read: (input) => {
      const count = input.u32();
      if (count * least > input.left) throw new SyntaxError(`Cannot read a list of ${count} items from ${input.left} bytes`);
      return Array.from({ length: count }, () => item.read(input));
    },
  };
}

/** A tuple of one type and a fixed length. */
export function tuple<T, A extends readonly T[]>(item: Codec<T>, count: number): Codec<A> {
  return {
    write: (out, v) => {
      for (const x of v) item.write(out, x);
    },
    read: (input) => Array.from({ length: count }, () => item.read(input)) as unknown as A,
  };
}

/** Named fields in the given order. */
export function struct<T extends object>(fields: { readonly [F in keyof T]-?: Codec<T[F]> }): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write: (out, v) => {
      for (const name of names) fields[name].write(out, v[name]);
    },
    read: (input) => {
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(input);
      return value as T;
    },
  };
}

/** One of several structs told apart by their `kind`; the kind's position is written first. */
export function union<T extends { readonly kind: string }>(cases: { readonly [K in T["kind"]]: Codec<Extract<T, { kind: K }>> }): Codec<T> {
  const kinds = Object.keys(cases) as T["kind"][];
  return {
    write: (out, v) => {
      out.u32(kinds.indexOf(v.kind));
      (cases[v.kind as T["kind"]] as unknown as Codec<T>).write(out, v);
    },
    read: (input) => {
      const kind = kinds[input.u32()];
      if (kind === undefined) throw new SyntaxError("Cannot read a value of an unknown kind");
      return cases[kind].read(input) as T;
    },
  };
}

/** A constant that is not written, for the `kind` of a union's case. */
export function literal<V extends string>(value: V): Codec<V> {
  return { write: () => undefined, read: () => value };
}

/** One of a closed list of names, written as its position. */
export function oneOf<V extends string>(values: readonly V[]): Codec<V> {
  return {
    write: (out, v) => {
      const index = values.indexOf(v);
      if (index < 0) throw new RangeError(`Cannot encode ${v}: expected one of ${values.join(", ")}`);
      out.u32(index);
    },
    read: (input) => {
      const value = values[input.u32()];
      if (value === undefined) throw new SyntaxError(`Cannot read a name: expected one of ${values.join(", ")}`);
      return value;
    },
  };
}

/** The whole of a byte string. @throws SyntaxError if bytes are left */
export function decodeAll<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes);
  const value = codec.read(reader);
  if (reader.left !== 0) throw new SyntaxError(`Cannot read ${reader.left} bytes after the end`);
  return value;
}

/** The bytes of a value. */
export function encodeAll<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer();
  codec.write(writer, value);
  return writer.finish();
}
