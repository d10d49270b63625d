/**
 * Columns that outlive sessions, by owner and name: the weights of a model stay on the device between its proofs. They go when their owner is
 * collected, or when memory is short and no session uses them.
 */
import type { GpuColumn } from "./column.ts";

interface Kept {
  readonly columns: Map<string, GpuColumn>;
  /** Sessions that use them. */
  users: number;
}

export class Residents {
  readonly #byOwner = new WeakMap<object, Kept>();
  /** In the order of their last use. */
  readonly #all = new Set<Kept>();
  readonly #free: (column: GpuColumn) => void;
  readonly #collected = new FinalizationRegistry<Kept>((kept) => this.#drop(kept));

  constructor(free: (column: GpuColumn) => void) {
    this.#free = free;
  }

  /** The columns of an owner, which are in use until `leave`. */
  enter(owner: object): Map<string, GpuColumn> {
    let kept = this.#byOwner.get(owner);
    if (kept === undefined) {
      kept = { columns: new Map(), users: 0 };
      this.#byOwner.set(owner, kept);
      this.#collected.register(owner, kept);
    }
    kept.users++;
    this.#all.delete(kept);
    this.#all.add(kept);
    return kept.columns;
  }

  leave(owner: object): void {
    const kept = this.#byOwner.get(owner);
    if (kept !== undefined) kept.users--;
  }

  /** Gives up the columns that were not used for the longest time; false if all are in use. */
  evict(): boolean {
    for (const kept of this.#all) {
      if (kept.users > 0 || kept.columns.size === 0) continue;
      this.#drop(kept);
      return true;
    }
    return false;
  }

  #drop(kept: Kept): void {
    for (const column of kept.columns.values()) this.#free(column);
    kept.columns.clear();
    this.#all.delete(kept);
  }
}
