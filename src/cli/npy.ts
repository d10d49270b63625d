/** NumPy's .npy files, format 1 to 3: magic, version, a header that is a Python literal, then the cells in C or Fortran order. */

export interface Numbers {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: readonly number[] | Float64Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
type Read = (view: DataView, offset: number, little: boolean) => number;

/** Cell types by NumPy's code without the byte order. */
const TYPES: Readonly<Record<string, { readonly size: number; readonly read: Read }>> = {
  b1: { size: 1, read: (v, o) => v.getUint8(o) },
  u1: { size: 1, read: (v, o) => v.getUint8(o) },
  i1: { size: 1, read: (v, o) => v.getInt8(o) },
  u2: { size: 2, read: (v, o, little) => v.getUint16(o, little) },
  i2: { size: 2, read: (v, o, little) => v.getInt16(o, little) },
  u4: { size: 4, read: (v, o, little) => v.getUint32(o, little) },
  i4: { size: 4, read: (v, o, little) => v.getInt32(o, little) },
  u8: { size: 8, read: (v, o, little) => Number(v.getBigUint64(o, little)) },
  i8: { size: 8, read: (v, o, little) => Number(v.getBigInt64(o, little)) },
  f4: { size: 4, read: (v, o, little) => v.getFloat32(o, little) },
  f8: { size: 8, read: (v, o, little) => v.getFloat64(o, little) },
};

/** Whether bytes begin like a .npy file. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** The numbers of a .npy file. @throws SyntaxError if it is damaged or has another cell type */
export function parseNpy(bytes: Uint8Array): Numbers {
  if (!isNpy(bytes) || bytes.length < 10) throw new SyntaxError("it is no .npy file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw new SyntaxError(`it has .npy version ${version}, known are 1 to 3`);
  if (version > 1 && bytes.length < 12) throw new SyntaxError("its header is cut off");
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw new SyntaxError("its header is cut off");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, end));
  const [, order, code] = /'descr'\s*:\s*'([<>|=])([a-z]\d+)'/.exec(header) ?? [];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (fortran === undefined || sizes === undefined) throw new SyntaxError("its header is malformed");
  const type = TYPES[code ?? ""];
  if (!type || order === undefined) throw new SyntaxError(`its cells are not real numbers of a known type: ${header.trim()}`);
  const shape = sizes.split(",").flatMap((s) => (s.trim() === "" ? [] : [Number(s)]));
  const count = shape.reduce((n, s) => n * s, 1);
  if (end + count * type.size !== bytes.length)
    throw new SyntaxError(`its shape (${shape}) asks for ${count * type.size} bytes of cells, it has ${bytes.length - end}`);
  const cell = (i: number): number => type.read(view, end + i * type.size, order !== ">");
  const values = new Float64Array(count);
  if (fortran === "False") for (let i = 0; i < count; i++) values[i] = cell(i);
  else for (let i = 0; i < count; i++) values[rowMajor(i, shape)] = cell(i);
  return { shape, values };
}

/** The row-major index of the cell that is at `index` in column-major order. */
function rowMajor(index: number, shape: readonly number[]): number {
  let rest = index;
  let stride = shape.reduce((n, s) => n * s, 1);
  let out = 0;
  // column-major counts the first axis fastest
  for (const size of shape) {
    stride /= size;
    out += (rest % size) * stride;
    rest = Math.floor(rest / size);
  }
  return out;
}
