/** Commits stacked matrices and codewords (SPEC §8.1, §8.2, §8.5). */
import type { Column, Session } from "../backend/backend.ts";
import { InternalError } from "../errors.ts";
import { type ColumnId, cellsOf } from "../system/types.ts";
import type { Layout } from "./layout.ts";

/** Called after a step with (done, total): reports progress, lets other work run, throws to cancel. */
export type Tick = (done: number, total: number) => Promise<void>;

/** A committed matrix on the device: 2^(columnBits + rowBits) cells, column after column, and its tree's nodes. */
export interface Commitment {
  readonly layout: Layout;
  readonly matrix: Column;
  readonly tree: Column;
}

/** Lays the columns out and commits them (SPEC §8.1, §8.2). */
export async function commitColumns(
  session: Session,
  layout: Layout,
  blowup: number,
  column: (id: ColumnId) => Column,
  shape: (id: ColumnId) => readonly number[],
  tick: Tick,
): Promise<Commitment> {
  const matrix = session.zeros(2 ** (layout.columnBits + layout.rowBits), 1);
  for (const block of layout.blocks) {
    const id = layout.columns[block.tensor] ?? missing("column");
    const sizes = shape(id);
    const strides = sizes.map((_, d) => cellsOf(sizes.slice(d + 1)));
    const offset = block.pieces.reduce((n, piece, d) => n + piece.offset * (strides[d] ?? 1), 0);
    session.place(
      matrix,
      block.position,
      column(id),
      offset,
      block.pieces.map((p) => 2 ** p.bits),
      strides,
    );
  }
  return { layout, matrix, tree: await commitMatrix(session, layout, blowup, matrix, tick) };
}

/** Encodes a matrix eight columns at a time into resident row states: memory does not grow with the width. */
async function commitMatrix(session: Session, layout: Layout, blowup: number, matrix: Column, tick: Tick): Promise<Column> {
  const hasher = session.rowHasher(2 ** (layout.rowBits + blowup), layout.width);
  for (let j = 0; j < layout.width; j += 8) {
    const pair = [encodeFour(session, layout, blowup, matrix, j), encodeFour(session, layout, blowup, matrix, j + 4)] as const;
    hasher.absorb(...pair);
    for (const code of pair) session.free(code);
    await tick(j + 8, layout.width);
  }
  return treeOf(session, hasher.digests());
}

/** The root of a tree's nodes. */
export function rootOf(session: Session, tree: Column): Column {
  return session.slice(tree, 2, 2);
}

/** A committed codeword: leaf i groups the entries i + t 2^leafBits (SPEC §8.5). */
export interface FoldedLayer {
  readonly code: Column;
  readonly tree: Column;
  readonly groupBits: number;
}

/** Commits a codeword in groups of 2^groupBits. */
export function commitCode(session: Session, code: Column, groupBits: number): FoldedLayer {
  const leaves = code.length / 2 ** groupBits;
  const hasher = session.rowHasher(leaves, 4 * 2 ** groupBits);
  for (let t = 0; t < 2 ** groupBits; t += 2)
    hasher.absorb(session.slice(code, t * leaves, leaves), session.slice(code, (t + 1) * leaves, leaves));
  return { code, tree: treeOf(session, hasher.digests()), groupBits };
}

/** The codewords of four matrix columns side by side. */
export function encodeFour(session: Session, layout: Layout, blowup: number, matrix: Column, column: number): Column {
  const message = session.interleave(matrix, layout.rowBits, column);
  const code = session.encode(message, blowup);
  session.free(message);
  return code;
}

function treeOf(session: Session, digests: Column): Column {
  const tree = session.merkle(digests);
  session.free(digests);
  return tree;
}

function missing(what: string): never {
  throw new InternalError(`no ${what}`);
}
