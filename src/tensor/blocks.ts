/**
 * Cutting tensors into power-of-two blocks and stacking them (SPEC §8.1): 620 x 120 becomes 5 x 4 blocks, and no padded cell is committed.
 */
import { bitsOf } from "../system/types.ts";

/** A piece of one axis: indices offset .. offset + 2^bits - 1; offset is a multiple of 2^bits. */
export interface Piece {
  readonly offset: number;
  readonly bits: number;
}

/** A block of a tensor: one piece an axis, at `position` of the stacked vector, 2^bits cells row-major. */
export interface Block {
  readonly tensor: number;
  readonly pieces: readonly Piece[];
  readonly bits: number;
  readonly position: number;
}

/** The binary decomposition of a size, largest piece first: 620 = 512 + 64 + 32 + 8 + 4. */
export function piecesOf(size: number): Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  for (let bits = bitsOf(size); bits >= 0; bits--) {
    if ((size >>> bits) % 2 === 1) {
      pieces.push({ offset, bits });
      offset += 2 ** bits;
    }
  }
  return pieces;
}

/** All blocks of tensors of the given shapes, by size descending, then tensor, then row-major; every block is aligned to its own size. */
export function stackBlocks(shapes: readonly (readonly number[])[]): { readonly blocks: readonly Block[]; readonly cells: number } {
  const cut = shapes.flatMap((shape, tensor) => {
    let rows: Piece[][] = [[]];
    for (const size of shape) rows = rows.flatMap((row) => piecesOf(size).map((piece) => [...row, piece]));
    return rows.map((pieces) => ({ tensor, pieces, bits: pieces.reduce((n, p) => n + p.bits, 0) }));
  });
  // Array.prototype.sort is stable, so ties keep tensor and row-major order.
  cut.sort((a, b) => b.bits - a.bits);
  let position = 0;
  const blocks = cut.map((block) => {
    const placed = { ...block, position };
    position += 2 ** block.bits;
    return placed;
  });
  return { blocks, cells: position };
}
