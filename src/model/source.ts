/** Bytes that are read piece by piece: a file, or a part of memory. Reading is synchronous, so that a tensor can be read in the middle of a loop. */

export interface ByteSource {
  readonly length: number;
  /** A copy of, or a view on, the bytes from `offset` on. @throws SyntaxError if the source ends before them */
  read(offset: number, length: number): Uint8Array;
}

/** A source of bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    length: bytes.length,
    read(offset, length) {
      checkRange(bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** @throws SyntaxError if `length` bytes from `offset` on are not inside a source of `size` bytes */
export function checkRange(size: number, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > size)
    throw new SyntaxError(`Cannot read ${length} bytes from byte ${offset} on: the file ends at byte ${size}`);
}
