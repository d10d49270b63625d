/**
 * eq tables on the device (SPEC §1.5): small ones entry by entry, large ones from two smaller tables. Small ones are gathered into lists of disjoint targets: an
 * opening adds hundreds of them.
 */
import { eq } from "../../../shaders/multilinear/eq.wgsl.ts";
import { outer } from "../../../shaders/multilinear/outer.wgsl.ts";
import type { Workspace } from "./workspace.ts";

/** Variables up to which an entry is multiplied out alone. */
const FEW = 8;
/** Words of a list at most. */
const LONGEST_LIST = 1000;

/** A factor s or 1 - s: element address of s, and which. */
export type Condition = readonly [address: number, bit: number];

interface Item {
  readonly target: number;
  readonly count: number;
  readonly words: readonly number[];
}

export class Equality {
  readonly #space: Workspace;
  /** Element address of 1. */
  readonly #one: number;
  #items: Item[] = [];
  #words = 0;

  constructor(space: Workspace, one: number) {
    this.#space = space;
    this.#one = one;
    space.attachList({ flush: () => this.#flush(), pending: () => this.#items.length > 0 });
  }

  /**
   * target[x] = weight * conditions * eq(point, x), or adds it, x < 2^point.length.
   * @param target element address
   * @param point element addresses of the coordinates
   * @param weight element address; 1 if left out
   */
  write(
    target: number,
    point: readonly number[],
    weight: number = this.#one,
    conditions: readonly Condition[] = [],
    accumulate: 0 | 1 = 0,
  ): void {
    const count = 2 ** point.length;
    if (point.length <= FEW) {
      this.#add({ target, count, words: [target, point.length, weight, conditions.length, accumulate, ...point, ...conditions.flat()] });
      return;
    }
    const lowBits = point.length >> 1;
    const split = point.length - lowBits;
    this.#space.withMemory(2 ** split, (high) => {
      this.#space.withMemory(2 ** lowBits, (low) => {
        this.write(high, point.slice(0, split), weight, conditions);
        this.write(low, point.slice(split));
        this.#space.each(outer, count, [count, target, high, low, lowBits, accumulate]);
      });
    });
  }

  #add(item: Item): void {
    const meets = (other: Item): boolean => item.target < other.target + other.count && other.target < item.target + item.count;
    const words = item.words.length + 2;
    if (this.#words + words > LONGEST_LIST || this.#items.some(meets)) this.#flush();
    this.#items.push(item);
    this.#words += words;
  }

  /** Queues the list. */
  #flush(): void {
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    this.#words = 0;
    let end = 0;
    let offset = 2 + 2 * items.length;
    let products = 0;
    const table: number[] = [];
    for (const { count, words } of items) {
      end += count;
      table.push(end, offset);
      offset += words.length;
      products += count * (words.length - 5);
    }
    this.#space.each(eq, products, [end, items.length, ...table, ...items.flatMap((item) => item.words)]);
  }
}
