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

/** The UTF-8 bytes of a text. @throws RangeError for a lone surrogate, which has none */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point < 0xe000) throw new RangeError("The text has a lone surrogate");
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  }
  return Uint8Array.from(bytes);
}

function malformed(position: number): RangeError {
  return new RangeError(`The input is not UTF-8 text: malformed at byte ${position}`);
}
