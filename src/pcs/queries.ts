/**
 * Verifies the queries (SPEC §8.7): at each position the rows of all commitments combine to the first codeword, and each codeword folds to the next, down to the
 * message that was sent in clear.
 */
import { InternalError, VerifyError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import type { Digest } from "../hash/suite.ts";
import { encode, foldPair } from "../line/code.ts";
import { xAt } from "../line/domain.ts";
import { missingNodes, rootOf } from "../merkle/tree.ts";
import type { Parameters } from "../security/types.ts";
import type { Receiver } from "../transcript/receiver.ts";

/** A committed matrix and the weight of each of its columns in the combination. */
export interface CommittedRows {
  readonly root: Digest;
  readonly weights: readonly QM31[];
}

/** A committed codeword and the challenges by which it folds to the next. */
export interface FoldedLayer {
  readonly root: Digest;
  readonly challenges: readonly QM31[];
}

/** Checks all positions, sorted and unique. @throws VerifyError opening/path, opening/fold, decode/* */
export function verifyQueries(
  receiver: Receiver,
  parameters: Parameters,
  positions: readonly number[],
  commitments: readonly CommittedRows[],
  layers: readonly FoldedLayer[],
  message: readonly QM31[],
): void {
  let bits = parameters.rowBits + parameters.blowup;
  let values = new Map<number, QM31>(positions.map((q) => [q, k.ZERO]));
  commitments.forEach(({ root, weights }, c) => {
    const rows = openLeaves(receiver, root, bits, positions, weights.length, `commitment ${c}`);
    rows.forEach((row, i) => {
      const q = positions[i] ?? 0;
      values.set(q, k.add(values.get(q) ?? k.ZERO, weightedSum(weights, row)));
    });
  });

  layers.forEach(({ root, challenges }, l) => {
    const groupBits = challenges.length;
    const leafBits = bits - groupBits;
    const leaves = [...new Set([...values.keys()].map((q) => q % 2 ** leafBits))].sort((a, b) => a - b);
    const rows = openLeaves(receiver, root, leafBits, leaves, 4 * 2 ** groupBits, `folded layer ${l}`);
    const group = new Map(leaves.map((leaf, i) => [leaf, elements(rows[i] ?? new Uint32Array())]));
    for (const [q, value] of values) {
      const stored = group.get(q % 2 ** leafBits)?.[Math.floor(q / 2 ** leafBits)];
      if (!stored || !k.equals(stored, value)) throw new VerifyError("opening/fold", `folded layer ${l}`);
    }
    values = new Map([...group].map(([leaf, g]) => [leaf, foldGroup(g, challenges, bits, leaf)]));
    bits = leafBits;
  });

  // Encoding the message once costs less than evaluating it at every position.
  const codeword = encode(message, parameters.blowup);
  for (const [q, value] of values) {
    const encoded = codeword[q];
    if (!encoded || !k.equals(encoded, value)) throw new VerifyError("opening/fold", "final message");
  }
}

/** sum_j weights_j row_j; products are below 2^31, so up to 2^22 of them add up exactly in a double. */
function weightedSum(weights: readonly QM31[], row: Uint32Array): QM31 {
  let [a, b, c, d] = [0, 0, 0, 0];
  weights.forEach((w, j) => {
    const x = row[j] ?? 0;
    a += m31.mul(w[0], x);
    b += m31.mul(w[1], x);
    c += m31.mul(w[2], x);
    d += m31.mul(w[3], x);
  });
  return [a % m31.P, b % m31.P, c % m31.P, d % m31.P];
}

/** Reads leaves of `words` words and their path, and checks them against the root; returns the leaves' words. */
function openLeaves(
  receiver: Receiver,
  root: Digest,
  depth: number,
  leaves: readonly number[],
  words: number,
  path: string,
): Uint32Array[] {
  const rows = leaves.map(() => receiver.read(words));
  const siblings = missingNodes(depth, leaves).map(() => receiver.readDigest());
  const digests = rows.map((row) => receiver.suite.row(row));
  const computed = rootOf(receiver.suite, depth, leaves, digests, siblings);
  if (computed.some((word, i) => word !== root[i])) throw new VerifyError("opening/path", path);
  return rows;
}

/** The value at `leaf` of D(bits - challenges) after folding the group {leaf + t 2^(bits - challenges)} of D(bits) by the challenges. */
function foldGroup(group: readonly QM31[], challenges: readonly QM31[], bits: number, leaf: number): QM31 {
  const stride = 2 ** (bits - challenges.length);
  let values = group;
  challenges.forEach((r, i) => {
    const half = values.length / 2;
    values = values.slice(0, half).map((low, t) => {
      const high = values[t + half];
      if (!high) throw new InternalError("uneven fold group");
      return foldPair(low, high, xAt(bits - i, leaf + t * stride), r);
    });
  });
  const [value] = values;
  if (!value) throw new InternalError("empty fold group");
  return value;
}

function elements(words: Uint32Array): QM31[] {
  return Array.from({ length: words.length / 4 }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = words.subarray(4 * i, 4 * i + 4);
    return [a, b, c, d] as const;
  });
}
