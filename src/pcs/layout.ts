/** The stacked matrix of one commitment (SPEC §8.1): which block of which column lies where. */

import { bitsOf, type ColumnId, type System } from "../system/types.ts";
import { type Block, stackBlocks } from "../tensor/blocks.ts";

/** The two commitments of a proof, in their order in the protocol. */
export const COMMITMENTS = ["weight", "witness"] as const;
export type CommitmentKind = (typeof COMMITMENTS)[number];

export interface Layout {
  /** Column ids in block order; `Block.tensor` indexes this list. */
  readonly columns: readonly ColumnId[];
  readonly blocks: readonly Block[];
  /** h: log2 of the rows. */
  readonly rowBits: number;
  /** W: matrix columns, a multiple of 8. */
  readonly width: number;
  /** a = ceil(log2 W): variables of the column index. */
  readonly columnBits: number;
}

/** Lays out all columns of one kind in a matrix of 2^rowBits rows. */
export function layoutOf(system: System, kind: CommitmentKind, rowBits: number): Layout {
  const columns = system.columns.flatMap((c, id) => (c.kind === kind ? [id] : []));
  const { blocks, cells } = stackBlocks(columns.map((id) => system.columns[id]?.shape ?? []));
  const width = Math.max(8, Math.ceil(cells / 2 ** rowBits / 8) * 8);
  return { columns, blocks, rowBits, width, columnBits: bitsOf(width) };
}

/** Committed cells of one kind. */
export function cellsOfKind(system: System, kind: CommitmentKind): number {
  return system.columns.reduce((n, c) => (c.kind === kind ? n + c.shape.reduce((m, s) => m * s, 1) : n), 0);
}
