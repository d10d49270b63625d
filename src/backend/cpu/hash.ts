/** Host side of row hashes, tree and proof of work. */
import { DeviceError } from "../../errors.ts";
import * as m31 from "../../field/m31.ts";
import type { Column, RowHasher } from "../backend.ts";
import { ensure, exactLog2 } from "../check.ts";
import { CONSTANTS, SCRATCH } from "./layout.ts";
import type { CpuColumn, Workspace } from "./workspace.ts";

/** About four permutations. */
const NANOSECONDS = 1200;
const STATE_BYTES = 256;
const NONE = 2 ** 32 - 1;

export function rowHasher(space: Workspace, rows: number, words: number): RowHasher {
  ensure(words % 8 === 0, `Rows of ${words} words are not whole blocks`);
  const groups = Math.ceil(rows / 4);
  const states = space.column((groups * STATE_BYTES) / 16, 4);
  space.run("startRows", groups, 20, states.pointer, words);
  return {
    absorb(a, b) {
      ensure(a.length === rows && b.length === rows, `${a.length} and ${b.length} entries for ${rows} rows`);
      space.run("absorbRows", groups, NANOSECONDS, states.pointer, space.own(a, 4).pointer, space.own(b, 4).pointer, rows, CONSTANTS);
    },
    digests() {
      const out = space.column(2 * rows, 4);
      space.run("digestRows", groups, 20, out.pointer, states.pointer, rows, SCRATCH);
      space.free(states);
      return out;
    },
  };
}

export function merkle(space: Workspace, digests: Column): CpuColumn {
  const leaves = space.own(digests, 4);
  const rows = leaves.length / 2;
  exactLog2(rows, "The number of leaves");
  const tree = space.column(4 * rows, 4);
  const words = space.words(tree);
  words.fill(0, 0, 8);
  words.set(space.words(leaves), 8 * rows);
  for (let count = rows / 2; count >= 1; count /= 2) {
    space.run("hashNodes", Math.ceil(count / 4), NANOSECONDS, tree.pointer, count, SCRATCH, CONSTANTS);
  }
  return tree;
}

/** The smallest nonce: every range is searched whole or up to a hit, ranges in ascending order. */
export function findNonce(space: Workspace, state: Uint32Array, bits: number): number {
  const start = state.slice();
  start[8] = m31.add(start[8]!, 1);
  start[9] = m31.add(start[9]!, 1);
  return space.list(Array.from(start), (pointer) =>
    space.temporary(4 * (space.threads + 1), (found) => {
      space.view(found, space.threads + 1).fill(NONE);
      let base = 0;
      for (let groups = 512; base < m31.P; groups = Math.min(2 * groups, 16384)) {
        space.run("findNonce", groups, NANOSECONDS, pointer, base, 2 ** bits - 1, found, SCRATCH, CONSTANTS);
        const best = Math.min(...space.view(found, space.threads + 1));
        if (best < m31.P) return best;
        base += 4 * groups;
      }
      throw new DeviceError(`No nonce has ${bits} zero bits`);
    }),
  );
}
