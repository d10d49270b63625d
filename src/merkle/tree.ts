/**
 * Merkle trees over 2^depth digests in heap order, node 1 the root, leaves 2^depth .. 2^(depth+1) - 1, and openings of sets of leaves (SPEC §2.5).
 */
import { InternalError } from "../errors.ts";
import type { Digest, Suite } from "../hash/suite.ts";

/**
 * Heap indices of the digests that, with those of the leaves, suffice for the root: level by level from the leaves, left to right. Leaf indices in
 * [0, 2^depth), sorted, without repetition, depth <= 30.
 */
export function missingNodes(depth: number, sortedLeafIndices: readonly number[]): number[] {
  const missing: number[] = [];
  let level = heapIndices(depth, sortedLeafIndices);
  for (let d = depth; d > 0; d--) {
    const parents: number[] = [];
    for (let k = 0; k < level.length; k++) {
      const node = level[k]!;
      if (node % 2 === 0 && level[k + 1] === node + 1) k++;
      else missing.push(node ^ 1);
      parents.push(node >>> 1);
    }
    level = parents;
  }
  return missing;
}

/** The root from the leaves' digests and the siblings, both in the order of `missingNodes`; at least one leaf. */
export function rootOf(
  suite: Suite,
  depth: number,
  sortedLeafIndices: readonly number[],
  digests: readonly Digest[],
  siblings: readonly Digest[],
): Digest {
  if (digests.length !== sortedLeafIndices.length || digests.length === 0) {
    throw new InternalError(`${digests.length} digests for ${sortedLeafIndices.length} leaves`);
  }
  let used = 0;
  let level = heapIndices(depth, sortedLeafIndices);
  let values = digests;
  for (let d = depth; d > 0; d--) {
    const parents: number[] = [];
    const parentValues: Digest[] = [];
    for (let k = 0; k < level.length; k++) {
      const node = level[k]!;
      const value = values[k]!;
      if (node % 2 === 0 && level[k + 1] === node + 1) {
        parentValues.push(suite.node(value, values[k + 1]!));
        k++;
      } else {
        const sibling = siblings[used++];
        if (sibling === undefined) throw new InternalError(`Only ${siblings.length} siblings`);
        parentValues.push(node % 2 === 0 ? suite.node(value, sibling) : suite.node(sibling, value));
      }
      parents.push(node >>> 1);
    }
    level = parents;
    values = parentValues;
  }
  if (used !== siblings.length) throw new InternalError(`${siblings.length} siblings where ${used} are needed`);
  return values[0]!;
}

/** All nodes of the tree over a power of two of digests, in heap order; entry 0 is eight zeros. */
export function buildTree(suite: Suite, digests: readonly Digest[]): Digest[] {
  const count = digests.length;
  if (count === 0 || !Number.isInteger(Math.log2(count))) throw new InternalError(`A tree over ${count} digests`);
  const nodes: Digest[] = Array.from({ length: 2 * count }, (_, k) => digests[k - count] ?? new Uint32Array(8));
  for (let k = count - 1; k > 0; k--) nodes[k] = suite.node(nodes[2 * k]!, nodes[2 * k + 1]!);
  return nodes;
}

function heapIndices(depth: number, leaves: readonly number[]): number[] {
  return leaves.map((leaf, k) => {
    if (!(leaf >= 0 && leaf < 2 ** depth) || (k > 0 && leaf <= leaves[k - 1]!)) {
      throw new InternalError(`Leaf ${leaf} of a tree of depth ${depth}, in place ${k}: out of range or order`);
    }
    return 2 ** depth + leaf;
  });
}
