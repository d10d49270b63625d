/** Sumcheck rounds on the device: few entries in the transcript's program, many as partial sums by workgroup, which the program adds up. */
import { fractionRound as fractionStep } from "../../../shaders/lookup/fraction-round.wgsl.ts";
import { sumProduct as sumProductStep } from "../../../shaders/multilinear/sum-product.wgsl.ts";
import type { SumStep } from "../../../shaders/step.ts";
import { innerRound as innerStep } from "../../../shaders/sumcheck/inner-round.wgsl.ts";
import { productRoundOfDegree } from "../../../shaders/transcript/program.ts";
import type { Column, IdleTerm, InnerPair, ProductTerm, Scalar } from "../backend.ts";
import { ensure } from "../check.ts";
import { elementsOf, type GpuColumn } from "./column.ts";
import { equalLength } from "./tables.ts";
import type { Transcript } from "./transcript.ts";
import { sumGroupsFor, type Workspace } from "./workspace.ts";

/** Idle terms, and how many of the sums they are added to. */
interface Idle {
  readonly terms: readonly IdleTerm[];
  readonly outputs: number;
}
/** A round in the program saves the transcript's dispatch beside its own: it may be larger than other steps, up to tables of about 2^12 entries. */
const SAVED = 4;
const NO_IDLE: Idle = { terms: [], outputs: 0 };

export class Rounds {
  readonly #space: Workspace;
  readonly #transcript: Transcript;

  constructor(space: Workspace, transcript: Transcript) {
    this.#space = space;
    this.#transcript = transcript;
  }

  sumProduct(tables: readonly Column[]): Column {
    const length = equalLength(tables);
    return this.#sum(sumProductStep, length * tables.length, length, [tables.length, ...tables.map(elementsOf)], NO_IDLE);
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
    const products = terms.reduce((n, term) => n + degree * term.tables.length, 2 * joins.length);
    const parameters = [this.#challenge(r), joins.length, terms.length, ...joins, ...lists];
    return this.#sum(productRoundOfDegree(degree), half * products, half, parameters, { terms: idle, outputs: degree });
  }

  innerRound(size: number, pairs: readonly InnerPair[], idle: readonly IdleTerm[], r: Scalar | null): Column {
    const half = size / 2;
    const joins = joining(
      pairs.flatMap((pair) => [pair.first, pair.second]),
      size,
      r,
    );
    const lists = pairs.flatMap((pair) => [elementsOf(pair.first), elementsOf(pair.second), this.#space.scalar(pair.weight)]);
    const parameters = [this.#challenge(r), joins.length, pairs.length, ...joins, ...lists];
    return this.#sum(innerStep, half * (2 * joins.length + 4 * pairs.length), half, parameters, { terms: idle, outputs: 1 });
  }

  fractionRound(tables: readonly [Column, Column, Column, Column], eq: Column, lambda: Scalar, r: Scalar | null): Column {
    ensure(equalLength(tables) === 2 * eq.length, `eq of ${eq.length} entries for tables of ${equalLength(tables)}`);
    const half = r === null ? eq.length : eq.length / 2;
    const parameters = [this.#challenge(r), r === null ? 0 : 4, this.#space.scalar(lambda), elementsOf(eq), ...tables.map(elementsOf)];
    return this.#sum(fractionStep, half * (r === null ? 8 : 16), half, parameters, NO_IDLE);
  }

  /**
   * A column of the step's sums over `count` indices.
   * @param products in K, all together
   * @param parameters of the step after the number of indices and the place of partial sums
   */
  #sum(step: SumStep, products: number, count: number, parameters: readonly number[], idle: Idle): GpuColumn {
    const space = this.#space;
    const out = space.column(step.outputs, 4);
    if (space.isSolo(step, products / SAVED, parameters)) {
      this.#transcript.sum(out, idle.terms, idle.outputs, step, [count, 0, ...parameters]);
      return out;
    }
    const groups = sumGroupsFor(count);
    space.withMemory(groups * step.outputs, (partials) => {
      space.run(step, groups, [count, partials, ...parameters]);
      this.#transcript.reduce(out, idle.terms, idle.outputs, partials, groups);
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
