/** Row hashes and Merkle trees on the device (SPEC §2.4, §2.5). */
import { absorbRows } from "../../../shaders/merkle/absorb-rows.wgsl.ts";
import { nodes } from "../../../shaders/merkle/nodes.wgsl.ts";
import { top } from "../../../shaders/merkle/top.wgsl.ts";
import type { Column, RowHasher } from "../backend.ts";
import { ensure, exactLog2 } from "../check.ts";
import { elementsOf } from "./column.ts";
import { fill } from "./tables.ts";
import { groupsFor, type Workspace } from "./workspace.ts";

/** Words of a block, and of a digest. */
const BLOCK = 8;
/** Nodes of the largest level that one workgroup finishes with all above it. */
const TOP = 128;

export function rowHasher(space: Workspace, rows: number, words: number): RowHasher {
  ensure(words % BLOCK === 0, `Rows of ${words} words are not whole blocks`);
  const rates = space.column(2 * rows, 4);
  const capacities = space.elements(2 * rows);
  let first = true;
  return {
    absorb(a, b) {
      ensure(a.length === rows && b.length === rows, `${a.length} and ${b.length} entries for ${rows} rows`);
      const addresses = [elementsOf(a), elementsOf(b), elementsOf(rates), capacities];
      space.run(absorbRows, groupsFor(rows), [rows, ...addresses, first ? 1 : 0, words]);
      first = false;
    },
    digests() {
      if (first) fill(space, elementsOf(rates), 2 * rows, [0, 0, 0, 0]);
      space.release(capacities);
      return rates;
    },
  };
}

export function merkle(space: Workspace, digests: Column): Column {
  const rows = digests.length / 2;
  exactLog2(rows, "The number of leaves");
  const tree = space.column(2 * digests.length, 4);
  space.copy(elementsOf(tree) + digests.length, elementsOf(digests), digests.length);
  let count = rows / 2;
  for (; count > TOP; count /= 2) space.run(nodes, groupsFor(count), [count, elementsOf(tree)]);
  space.run(top, 1, [Math.floor(count), elementsOf(tree)]);
  return tree;
}
