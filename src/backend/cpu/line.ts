/** Host side of the line code. */
import type { QM31 } from "../../field/qm31.ts";
import type { Column } from "../backend.ts";
import { ensure, exactLog2 } from "../check.ts";
import type { CpuColumn, Workspace } from "./workspace.ts";

/** Blocks of 2^11 entries are 32 KiB, a first cache. */
const BLOCK_BITS = 11;

export function interleave(space: Workspace, matrix: Column, rowBits: number, column: number): CpuColumn {
  const source = space.own(matrix, 1);
  const rows = 2 ** rowBits;
  ensure(column >= 0 && (column + 4) * rows <= source.length, `Columns ${column} .. ${column + 3} pass the end of the matrix`);
  const out = space.column(rows, 4);
  space.run("interleave", Math.ceil(rows / 4), 8, out.pointer, source.pointer + 4 * column * rows, rows);
  return out;
}

/** Within blocks first, then pairs of layers over the whole codeword. */
export function encode(space: Workspace, message: Column, blowup: number): CpuColumn {
  const source = space.own(message, 4);
  const n = exactLog2(source.length, "The message length") + blowup;
  ensure(n <= 29, `A codeword of 2^${n} entries exceeds the largest domain`);
  const twiddles = space.device.twiddles.upTo(n);
  const out = space.column(2 ** n, 4);
  const bits = Math.min(n, Math.max(BLOCK_BITS, blowup));
  space.run("encodeBlocks", 2 ** (n - bits), 2 ** bits * (bits - blowup + 1), out.pointer, source.pointer, twiddles, blowup, bits);
  let layer = bits + 1;
  if ((n - bits) % 2 === 1) space.run("encodeLayer", 2 ** (n - 1), 4, out.pointer, twiddles, layer++);
  for (; layer <= n; layer += 2) space.run("encodeTwoLayers", 2 ** (n - 2), 8, out.pointer, twiddles, layer);
  return out;
}

export function fold(space: Workspace, codeword: Column, r: QM31): CpuColumn {
  const source = space.own(codeword, 4);
  const n = exactLog2(source.length, "The codeword length");
  ensure(n >= 1, "A codeword of one entry cannot be folded");
  const twiddles = space.device.twiddles.upTo(n);
  const half = source.length / 2;
  const out = space.column(half, 4);
  space.run("fold", Math.ceil(half / 4), 150, out.pointer, source.pointer, twiddles, half, space.operand(r));
  return out;
}
