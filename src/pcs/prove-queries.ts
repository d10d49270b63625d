/** Answers the queries (SPEC §8.7): gathers rows, leaves and paths after the positions are known. */
import type { Column, Session } from "../backend/backend.ts";
import { missingNodes } from "../merkle/tree.ts";
import type { Parameters } from "../security/types.ts";
import type { Layout } from "./layout.ts";
import { type Commitment, encodeFour, type FoldedLayer } from "./prove-commit.ts";

/** Tape and openings in the order of SPEC §8.7. All reads are asked for before the first is awaited: a device answers them together. */
export async function finishProof(
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
