/** The stacked matrix of one commitment (SPEC §8.1): which block of which column lies where. */

import { bitsOf, type ColumnId, type System } from "../system/types.ts";
import { type Block, stackBlocks } from "../tensor/blocks.ts";
import { TAGS, type Tag } from "../transcript/tags.ts";

/** The commitments of a proof, in their order in the protocol; the last two are there only where a system has such columns. */
export const COMMITMENTS = ["weight", "witness", "incoming", "outgoing"] as const;
export type CommitmentKind = (typeof COMMITMENTS)[number];

/** Tags of the messages that are roots (SPEC §5.1). The weights' root is not sent: it is in the key. */
export const ROOT_TAGS: Readonly<Record<Exclude<CommitmentKind, "weight">, Tag>> = {
  witness: TAGS.witnessRoot,
  incoming: TAGS.incomingRoot,
  outgoing: TAGS.outgoingRoot,
};

/** The commitments of a system's proofs. */
export function commitmentsOf(system: System): CommitmentKind[] {
  return COMMITMENTS.filter((kind) => kind === "weight" || kind === "witness" || system.columns.some((c) => c.kind === kind));
}

export interface Layout {
  readonly kind: CommitmentKind;
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
  return { kind, columns, blocks, rowBits, width, columnBits: bitsOf(width) };
}

/** Committed cells of one kind. */
export function cellsOfKind(system: System, kind: CommitmentKind): number {
  return system.columns.reduce((n, c) => (c.kind === kind ? n + c.shape.reduce((m, s) => m * s, 1) : n), 0);
}
