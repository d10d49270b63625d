import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InternalError } from "../errors.ts";
import { poseidon2M31 } from "../hash/poseidon2-m31.ts";
import type { Digest } from "../hash/suite.ts";
import { buildTree, missingNodes, rootOf } from "./tree.ts";

const suite = poseidon2M31;
const leaf = (k: number): Digest => suite.row([k, 1, 2, 3, 4, 5, 6, 7]);
const trees = Array.from({ length: 6 }, (_, depth) =>
  buildTree(
    suite,
    Array.from({ length: 2 ** depth }, (_, k) => leaf(k)),
  ),
);

const opening = fc
  .integer({ min: 0, max: 5 })
  .chain((depth) => fc.tuple(fc.constant(depth), fc.uniqueArray(fc.integer({ min: 0, max: 2 ** depth - 1 }), { minLength: 1 })))
  .map(([depth, leaves]) => ({ depth, leaves: leaves.sort((a, b) => a - b) }));

/** SPEC §2.5 as sets: a node is missing if it is not known and its sibling is. */
function missingByDefinition(depth: number, leaves: readonly number[]): number[] {
  const known = new Set(leaves.map((k) => 2 ** depth + k));
  const missing: number[] = [];
  for (let d = depth; d > 0; d--) {
    for (let node = 2 ** d; node < 2 ** (d + 1); node++) {
      if (known.has(node)) known.add(node >> 1);
      else if (known.has(node ^ 1)) missing.push(node);
    }
  }
  return missing;
}

describe("missingNodes", () => {
  test("known openings", () => {
    expect(missingNodes(0, [0])).toEqual([]);
    expect(missingNodes(3, [2])).toEqual([11, 4, 3]);
    expect(missingNodes(3, [0, 1])).toEqual([5, 3]);
    expect(missingNodes(3, [1, 2, 7])).toEqual([8, 11, 14, 6]);
    expect(missingNodes(2, [0, 1, 2, 3])).toEqual([]);
    expect(missingNodes(30, [2 ** 30 - 1])[0]).toBe(2 ** 31 - 2);
  });

  test("are those of the definition, level by level, left to right", () => {
    fc.assert(
      fc.property(opening, ({ depth, leaves }) => {
        expect(missingNodes(depth, leaves)).toEqual(missingByDefinition(depth, leaves));
      }),
    );
  });

  test("refuse leaves out of order, repeated or out of range", () => {
    for (const leaves of [[1, 0], [1, 1], [4], [-1]]) expect(() => missingNodes(2, leaves)).toThrow(InternalError);
  });
});

describe("rootOf", () => {
  const open = ({ depth, leaves }: { depth: number; leaves: number[] }) => {
    const nodes = trees[depth]!;
    return {
      nodes,
      digests: leaves.map((k) => nodes[2 ** depth + k]!),
      siblings: missingNodes(depth, leaves).map((node) => nodes[node]!),
    };
  };

  test("leads to the root", () => {
    fc.assert(
      fc.property(opening, ({ depth, leaves }) => {
        const { nodes, digests, siblings } = open({ depth, leaves });
        expect(rootOf(suite, depth, leaves, digests, siblings)).toEqual(nodes[1]);
      }),
      { numRuns: 50 },
    );
  });

  test("leads elsewhere if any word of a leaf or sibling changes", () => {
    fc.assert(
      fc.property(opening, fc.nat(), fc.nat({ max: 7 }), ({ depth, leaves }, at, word) => {
        const { nodes, digests, siblings } = open({ depth, leaves });
        const all = [...digests, ...siblings];
        const k = at % all.length;
        const changed = all[k]!.slice();
        changed[word] = changed[word]! ^ 1;
        const list = all.with(k, changed);
        expect(rootOf(suite, depth, leaves, list.slice(0, digests.length), list.slice(digests.length))).not.toEqual(nodes[1]);
      }),
      { numRuns: 50 },
    );
  });

  test("refuses wrong numbers of digests and siblings", () => {
    const { digests, siblings } = open({ depth: 3, leaves: [2, 5] });
    expect(() => rootOf(suite, 3, [2, 5], digests.slice(1), siblings)).toThrow(InternalError);
    expect(() => rootOf(suite, 3, [2, 5], digests, siblings.slice(1))).toThrow(InternalError);
    expect(() => rootOf(suite, 3, [2, 5], digests, [...siblings, leaf(0)])).toThrow(InternalError);
    expect(() => rootOf(suite, 3, [], [], [])).toThrow(InternalError);
  });
});

test("buildTree is in heap order and needs a power of two", () => {
  const nodes = trees[2]!;
  expect(nodes).toHaveLength(8);
  expect(nodes.slice(4)).toEqual([0, 1, 2, 3].map(leaf));
  expect(nodes[1]).toEqual(suite.node(suite.node(leaf(0), leaf(1)), suite.node(leaf(2), leaf(3))));
  expect(() => buildTree(suite, [leaf(0), leaf(1), leaf(2)])).toThrow(InternalError);
  expect(() => buildTree(suite, [])).toThrow(InternalError);
});
