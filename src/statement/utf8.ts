/** Strict UTF-8 (RFC 3629): every accepted byte string has exactly one text, a leading byte order mark stays in it. */

/** The text of UTF-8 bytes. @throws RangeError with the position if they are malformed: overlong, surrogate, beyond U+10FFFF or cut off */
export function decodeUtf8(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let piece = "";
  let i = 0;
  while (i < bytes.length) {
    const start = i;
    const first = bytes[i++] ?? 0;
    let point = first;
    if (first >= 0x80) {
      const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
      if (first < 0xc2 || first > 0xf4) throw malformed(start);
      point = first & (0x3f >> more);
      for (let k = 0; k < more; k++) {
        const next = bytes[i++] ?? 0;
        if ((next & 0xc0) !== 0x80) throw malformed(start);
        point = (point << 6) | (next & 0x3f);
      }
      const smallest = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
      if (point < smallest || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw malformed(start);
    }
    piece += String.fromCodePoint(point);
    if (piece.length >= 4096) {
      pieces.push(piece);
      piece = "";
    }
  }
  return pieces.join("") + piece;
}

function malformed(position: number): RangeError {
  return new RangeError(`The input is not UTF-8 text: malformed at byte ${position}`);
}
