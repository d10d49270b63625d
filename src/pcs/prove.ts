/** Commits stacked matrices and proves the weighted opening (SPEC §8). Sends what `verifyOpening` receives. */
import type { Column, IdleTerm, Scalar, Session } from "../backend/backend.ts";
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import { missingNodes } from "../merkle/tree.ts";
import type { Parameters } from "../security/types.ts";
import type { ColumnId } from "../system/types.ts";
import { cellsOf } from "../system/types.ts";
import { TAGS } from "../transcript/tags.ts";
import type { Claim } from "./claim.ts";
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

/** Proves all claims and returns the words of the whole proof: everything sent, then the openings. Ticks after every round. */
export async function proveOpening(
  session: Session,
  parameters: Parameters,
  commitments: readonly Commitment[],
  claims: readonly Claim<Scalar>[],
  tick: Tick,
): Promise<Uint32Array> {
  const { rowBits, blowup, grinding } = parameters;
  const columnBits = Math.max(...commitments.map((c) => c.layout.columnBits));
  const steps = columnBits + rowBits + 2;
  const parts = inner(session, commitments, claims, columnBits);

  // Column rounds: a commitment with fewer columns joins late (SPEC §8.4).
  let previous: Scalar | null = null;
  for (let i = 0; i < columnBits; i++) {
    const size = 2 ** (columnBits - i + rowBits);
    const joined = parts.filter((p) => p.columnBits >= columnBits - i);
    const idle = parts
      .filter((p) => p.columnBits < columnBits - i)
      .map((p): IdleTerm => ({ total: p.total, weight: p.weight, factor: m31.pow(2, columnBits - p.columnBits - i - 1) }));
    previous = innerStep(session, size, joined, idle, previous, grinding.fold);
    await tick(i + 1, steps);
  }
  if (previous !== null)
    bindParts(
      session,
      parts.filter((p) => p.columnBits > 0),
      previous,
    );

  // The commitment index is one more variable (SPEC §8.5); its combination is encoded and folded (SPEC §8.6).
  const combined = commitmentRound(session, parts, grinding.fold);
  let code = session.encode(combined.first, blowup);
  const layers: FoldedLayer[] = [];
  previous = null;
  let round = 0;
  for (const folds of parameters.folds) {
    const layer = commitCode(session, code, folds);
    session.send(TAGS.codewordRoot, [rootOf(session, layer.tree)]);
    layers.push(layer);
    for (let i = 0; i < folds; i++) {
      previous = innerStep(session, 2 ** (rowBits - round), [combined], [], previous, grinding.fold);
      const next = session.fold(code, previous);
      if (code !== layer.code) session.free(code);
      code = next;
      await tick(columnBits + ++round, steps);
    }
  }
  if (previous !== null) bindParts(session, [combined], previous);
  session.send(TAGS.finalMessage, [combined.first]);
  previous = null;
  while (round < rowBits) {
    previous = innerStep(session, 2 ** (rowBits - round), [combined], [], previous, grinding.fold);
    await tick(columnBits + ++round, steps);
  }

  session.grind(grinding.query);
  const drawn = await session.read(session.drawPositions(parameters.queries, rowBits + blowup));
  const positions = [...new Set(drawn)].sort((a, b) => a - b);
  const words = await finishProof(session, parameters, commitments, layers, positions);
  await tick(steps, steps);
  return words;
}

/** An inner product weight * <first, second> whose variables are being bound. */
interface Inner {
  first: Column;
  second: Column;
  readonly weight: Scalar;
}

/** One commitment's share: <f_c, Wt_c>, weight 2^-(A - a_c). */
interface Part extends Inner {
  readonly columnBits: number;
  readonly total: Column;
}

function inner(session: Session, commitments: readonly Commitment[], claims: readonly Claim<Scalar>[], columnBits: number): Part[] {
  const delta = session.monomials(
    session.draw(1),
    claims.map((_, i) => ({ exponent: i, coefficient: 1 })),
  );
  return commitments.map(({ layout, matrix }): Part => {
    const second = session.zeros(matrix.length, 4);
    for (const block of layout.blocks) {
      const id = layout.columns[block.tensor] ?? missing("column");
      claims.forEach((claim, i) => {
        if (claim.column !== id) return;
        const low: Scalar[] = [];
        const conditions: { scalar: Scalar; bit: 0 | 1 }[] = [];
        block.pieces.forEach(({ offset, bits }, d) => {
          const axis = claim.point[d] ?? missing("point");
          const prefix = axis.length - bits;
          axis.slice(0, prefix).forEach((scalar, j) => {
            conditions.push({ scalar, bit: Math.floor(offset / 2 ** (axis.length - 1 - j)) % 2 === 1 ? 1 : 0 });
          });
          low.push(...axis.slice(prefix));
        });
        session.addEq(second, block.position, low, conditions, delta + i);
      });
    }
    const first = session.lift(matrix);
    const weight = session.constants(Uint32Array.of(m31.halfPower(columnBits - layout.columnBits), 0, 0, 0));
    return { columnBits: layout.columnBits, first, second, weight, total: session.sumProduct([first, second]) };
  });
}

/** Binds the index of the two commitments: <u_0 + X (u_1 - u_0), v_0 + X (v_1 - v_0)> at a drawn X, v_c = weight_c Wt_c. */
function commitmentRound(session: Session, parts: readonly Part[], grinding: number): Inner {
  const [p, q] = parts;
  if (!p || !q || parts.length !== 2) throw new InternalError(`${parts.length} commitments`);
  const one = session.constants(Uint32Array.of(1, 0, 0, 0));
  const minusOne = session.constants(Uint32Array.of(m31.neg(1), 0, 0, 0));
  const minusWeight = session.monomials(p.weight, [{ exponent: 1, coefficient: m31.neg(1) }]);
  const first = session.combine([q.first, p.first], [one, minusOne]);
  const low = session.combine([p.second], [p.weight]);
  const second = session.combine([q.second, p.second], [q.weight, minusWeight]);
  session.send(TAGS.openingRound, [session.sumProduct([p.first, low]), session.sumProduct([first, second])]);
  session.grind(grinding);
  const eta = session.draw(1);
  return { first: session.combine([p.first, first], [one, eta]), second: session.combine([low, second], [one, eta]), weight: one };
}

/** Sends one round of the inner product and draws its challenge; columns keep `size` entries. */
function innerStep(
  session: Session,
  size: number,
  parts: readonly Inner[],
  idle: readonly IdleTerm[],
  r: Scalar | null,
  grinding: number,
): Scalar {
  const message = session.innerRound(size, parts, idle, r);
  for (const part of parts) {
    part.first = session.slice(part.first, 0, size);
    part.second = session.slice(part.second, 0, size);
  }
  session.send(TAGS.openingRound, [message]);
  session.free(message);
  session.grind(grinding);
  return session.draw(1);
}

function bindParts(session: Session, parts: readonly Inner[], r: Scalar): void {
  session.bind(
    parts.flatMap((p) => [p.first, p.second]),
    r,
  );
  for (const part of parts) {
    part.first = session.slice(part.first, 0, part.first.length / 2);
    part.second = session.slice(part.second, 0, part.second.length / 2);
  }
}

/** A committed codeword: leaf i groups the entries i + t 2^leafBits (SPEC §8.5). */
interface FoldedLayer {
  readonly code: Column;
  readonly tree: Column;
  readonly groupBits: number;
}

function commitCode(session: Session, code: Column, groupBits: number): FoldedLayer {
  const leaves = code.length / 2 ** groupBits;
  const hasher = session.rowHasher(leaves, 4 * 2 ** groupBits);
  for (let t = 0; t < 2 ** groupBits; t += 2)
    hasher.absorb(session.slice(code, t * leaves, leaves), session.slice(code, (t + 1) * leaves, leaves));
  return { code, tree: treeOf(session, hasher.digests()), groupBits };
}

/** Tape and openings in the order of SPEC §8.7. All reads are asked for before the first is awaited: a device answers them together. */
async function finishProof(
  session: Session,
  parameters: Parameters,
  commitments: readonly Commitment[],
  layers: readonly FoldedLayer[],
  positions: readonly number[],
): Promise<Uint32Array> {
  const depth = parameters.rowBits + parameters.blowup;
  const parts: Promise<Uint32Array>[] = [session.tape()];
  for (const { layout, matrix, tree } of commitments)
    parts.push(openRows(session, layout, parameters.blowup, matrix, positions), openPath(session, tree, depth, positions));
  let bits = depth;
  let leaves = positions;
  for (const { code, tree, groupBits } of layers) {
    bits -= groupBits;
    leaves = [...new Set(leaves.map((q) => q % 2 ** bits))].sort((a, b) => a - b);
    const indices = leaves.flatMap((leaf) => Array.from({ length: 2 ** groupBits }, (_, t) => leaf + t * 2 ** bits));
    parts.push(session.read(session.gather(code, Uint32Array.from(indices))), openPath(session, tree, bits, leaves));
  }
  const read = await Promise.all(parts);
  const words = new Uint32Array(read.reduce((n, p) => n + p.length, 0));
  let offset = 0;
  for (const part of read) {
    words.set(part, offset);
    offset += part.length;
  }
  return words;
}

/** Rows of the encoded matrix at the positions, row after row. The columns are encoded again: that costs less than keeping them. */
async function openRows(
  session: Session,
  layout: Layout,
  blowup: number,
  matrix: Column,
  positions: readonly number[],
): Promise<Uint32Array> {
  const indices = Uint32Array.from(positions);
  const reads: Promise<Uint32Array>[] = [];
  for (let j = 0; j < layout.width; j += 4) {
    const code = encodeFour(session, layout, blowup, matrix, j);
    const opened = session.gather(code, indices);
    session.free(code);
    reads.push(session.read(opened));
  }
  const rows = new Uint32Array(positions.length * layout.width);
  (await Promise.all(reads)).forEach((words, chunk) => {
    positions.forEach((_, q) => {
      rows.set(words.subarray(4 * q, 4 * q + 4), q * layout.width + 4 * chunk);
    });
  });
  return rows;
}

function openPath(session: Session, tree: Column, depth: number, leaves: readonly number[]): Promise<Uint32Array> {
  const entries = missingNodes(depth, leaves).flatMap((node) => [2 * node, 2 * node + 1]);
  return session.read(session.gather(tree, Uint32Array.from(entries)));
}

function encodeFour(session: Session, layout: Layout, blowup: number, matrix: Column, column: number): Column {
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
