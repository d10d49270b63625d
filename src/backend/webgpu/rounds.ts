/** Sumcheck rounds on the device: partial sums by workgroup, added up by the transcript's program. */
import { productRoundOfDegree } from "../../../shaders/index.ts";
import { fractionRound as fractionRoundKernel } from "../../../shaders/lookup/fraction-round.wgsl.ts";
import { sumProduct as sumProductKernel } from "../../../shaders/multilinear/sum-product.wgsl.ts";
import { innerRound as innerRoundKernel } from "../../../shaders/sumcheck/inner-round.wgsl.ts";
import type { Column, IdleTerm, InnerPair, ProductTerm, Scalar } from "../backend.ts";
import { ensure } from "../check.ts";
import { elementsOf, type GpuColumn } from "./column.ts";
import { equalLength } from "./tables.ts";
import type { Transcript } from "./transcript.ts";
import { sumGroupsFor, type Workspace } from "./workspace.ts";

export class Rounds {
  readonly #space: Workspace;
  readonly #transcript: Transcript;

  constructor(space: Workspace, transcript: Transcript) {
    this.#space = space;
    this.#transcript = transcript;
  }

  sumProduct(tables: readonly Column[]): Column {
    const length = equalLength(tables);
    return this.#sum(length, 1, [], 0, (groups, partials) => {
      this.#space.run(sumProductKernel, groups, [length, partials, tables.length, ...tables.map(elementsOf)]);
    });
  }

  productRound(
    size: number,
    tables: readonly Column[],
    terms: readonly ProductTerm[],
    idle: readonly IdleTerm[],
    degree: number,
    r: Scalar | null,
  ): Column {
    const half = size / 2;
    const joins = joining(tables, size, r);
    const lists = terms.flatMap(({ tables: indices, weight }) => {
      ensure(indices.length >= 1, "A term without tables");
      return [this.#space.scalar(weight), indices.length, ...indices.map((t) => elementsOf(tables[t]!))];
    });
    return this.#sum(half, degree, idle, degree, (groups, partials) => {
      const parameters = [half, this.#challenge(r), partials, joins.length, terms.length, ...joins, ...lists];
      this.#space.run(productRoundOfDegree(degree), groups, parameters);
    });
  }

  innerRound(size: number, pairs: readonly InnerPair[], idle: readonly IdleTerm[], r: Scalar | null): Column {
    const half = size / 2;
    const tables = pairs.flatMap((pair) => [pair.first, pair.second]);
    const joins = joining(tables, size, r);
    const lists = pairs.flatMap((pair) => [elementsOf(pair.first), elementsOf(pair.second), this.#space.scalar(pair.weight)]);
    return this.#sum(half, 2, idle, 1, (groups, partials) => {
      this.#space.run(innerRoundKernel, groups, [half, this.#challenge(r), partials, joins.length, pairs.length, ...joins, ...lists]);
    });
  }

  fractionRound(tables: readonly [Column, Column, Column, Column], eq: Column, lambda: Scalar, r: Scalar | null): Column {
    ensure(equalLength(tables) === 2 * eq.length, `eq of ${eq.length} entries for tables of ${equalLength(tables)}`);
    const half = r === null ? eq.length : eq.length / 2;
    return this.#sum(half, 2, [], 0, (groups, partials) => {
      const bound = r === null ? 0 : 1;
      const addresses = [this.#challenge(r), this.#space.scalar(lambda), elementsOf(eq), partials, ...tables.map(elementsOf)];
      this.#space.run(fractionRoundKernel, groups, [half, bound, ...addresses]);
    });
  }

  /** A column of `outputs` sums over `count` entries, of which `queue` queues the partial ones. */
  #sum(
    count: number,
    outputs: number,
    idle: readonly IdleTerm[],
    idleOutputs: number,
    queue: (groups: number, partials: number) => void,
  ): GpuColumn {
    const out = this.#space.column(outputs, 4);
    const groups = sumGroupsFor(count);
    this.#space.withMemory(groups * outputs, (partials) => {
      queue(groups, partials);
      this.#transcript.reduce(out, partials, groups, idle, idleOutputs);
    });
    return out;
  }

  /** Element address of a challenge; any address where nothing is bound. */
  #challenge(r: Scalar | null): number {
    return r === null ? 0 : this.#space.scalar(r);
  }
}

/** Addresses of the distinct tables of 2 size entries, which a round binds first; the others must have `size`. */
function joining(tables: readonly Column[], size: number, r: Scalar | null): number[] {
  const joins = new Set<number>();
  for (const table of tables) {
    if (table.length === size) continue;
    ensure(table.length === 2 * size && r !== null, `A table of ${table.length} entries in a round of ${size}`);
    joins.add(elementsOf(table));
  }
  return [...joins];
}
