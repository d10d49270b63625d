/** The reference backend: every verb of `backend.ts` in plain TypeScript, slow and obvious. It is the definition that others are compared with. */

import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import { permute } from "../../hash/poseidon2.ts";
import type { Backend, Column, IdleTerm, Session, Width } from "../backend.ts";
import { ensure } from "../check.ts";
import { Scalars, Sponge } from "../host.ts";
import { integerVerbs } from "../integers.ts";
import { columnOf, elementsOf, ReferenceColumn, wordsOf } from "./column.ts";
import * as hash from "./hash.ts";
import * as line from "./line.ts";
import * as lookup from "./lookup.ts";
import * as rounds from "./rounds.ts";
import * as tables from "./tables.ts";

/** The reference backend; it holds no resources. */
export function referenceBackend(): Backend {
  return { name: "reference", witness: "host", open, close: async () => {} };
}

function open(): Session {
  const scalars = new Scalars();
  const sponge = new Sponge(permute);
  const get = (index: number): QM31 => scalars.get(index);
  const challenge = (index: number | null): QM31 | null => (index === null ? null : get(index));
  const idleSum = (idle: readonly IdleTerm[]): QM31 =>
    qm31.sum(idle.map((t) => qm31.scale(qm31.mul(elementsOf(t.total)[0]!, get(t.weight)), t.factor)));

  return {
    upload: (words, width) => {
      ensure(words.length % width === 0, `${words.length} words are not entries of width ${width}`);
      return new ReferenceColumn(words.slice(), width);
    },
    zeros: (length, width) => new ReferenceColumn(new Uint32Array(length * width), width),
    slice: (column, offset, length) => {
      ensure(offset >= 0 && offset + length <= column.length, `A slice ${offset} + ${length} of ${column.length} entries`);
      return new ReferenceColumn(wordsOf(column).subarray(offset * column.width, (offset + length) * column.width), column.width);
    },
    kept: (_owner, _name, make) => make(),
    read: async (column) => wordsOf(column).slice(),
    free: () => {},
    lift: (column) => columnOf(elementsOf(column)),
    place,
    gather,

    constants: (words) => scalars.constants(words),
    monomials: (base, terms) => scalars.monomials(base, terms),
    absorb: (tag, words) => sponge.absorb(tag, [words]),
    send: (tag, columns) =>
      sponge.send(
        tag,
        columns.map((c) => wordsOf(c)),
      ),
    draw: (count) => scalars.append(sponge.draw(count)),
    grind: (bits) => sponge.grind(bits, (state, n) => hash.findNonce(permute, state, n)),
    drawPositions: (count, bits) => new ReferenceColumn(sponge.positions(count, bits), 1),
    tape: async () => sponge.tape(),

    eqTable: (point, weight) => columnOf(tables.eqElements(point.map(get), weight === undefined ? qm31.ONE : get(weight))),
    contract: tables.contract,
    evaluate: (evaluations) => evaluations.map(tables.evaluate),
    spread: tables.spread,
    sumProduct: tables.sumProduct,
    combine: (columns, weights) => tables.combine(columns, weights.map(get)),
    bind: (columns, r) => tables.bind(columns, get(r)),
    addEq: (dst, offset, point, conditions, weight) => {
      const factors = conditions.map((c) => (c.bit === 1 ? get(c.scalar) : qm31.sub(qm31.ONE, get(c.scalar))));
      tables.addEq(dst, offset, point.map(get), factors.reduce(qm31.mul, get(weight)));
    },

    productRound: (size, columns, terms, idle, degree, r) => {
      const weighted = terms.map((t) => ({ tables: t.tables, weight: get(t.weight) }));
      return rounds.productRound(size, columns, weighted, idleSum(idle), degree, challenge(r));
    },
    innerRound: (size, pairs, idle, r) => {
      const weighted = pairs.map((p) => ({ first: p.first, second: p.second, weight: get(p.weight) }));
      return rounds.innerRound(size, weighted, idleSum(idle), challenge(r));
    },
    fractions: (bits, instances, alpha, beta) => lookup.fractions(bits, instances, get(alpha), get(beta)),
    addFractions: lookup.addFractions,
    fractionRound: (four, eq, lambda, r) => lookup.fractionRound(four, eq, get(lambda), challenge(r)),

    ...integerVerbs(
      (column) => wordsOf(column, 1),
      (words) => new ReferenceColumn(words, 1),
    ),

    interleave: line.interleave,
    encode: line.encode,
    fold: (codeword, r) => line.fold(codeword, get(r)),
    rowHasher: (rows, words) => hash.rowHasher(permute, rows, words),
    merkle: (digests) => hash.merkle(permute, digests),
    end: () => {},
  };
}

/** dst[dstOffset + row-major index] = src[srcOffset + sum_d index_d * strides_d]. */
function place(dst: Column, dstOffset: number, src: Column, srcOffset: number, sizes: readonly number[], strides: readonly number[]): void {
  const target = wordsOf(dst, 1);
  const source = wordsOf(src, 1);
  const copy = (axis: number, at: number, from: number): number => {
    if (axis === sizes.length) {
      ensure(at < target.length && from < source.length, `Placing entry ${from} of ${source.length} at ${at} of ${target.length}`);
      target[at] = source[from]!;
      return at + 1;
    }
    let next = at;
    for (let i = 0; i < sizes[axis]!; i++) next = copy(axis + 1, next, from + i * strides[axis]!);
    return next;
  };
  copy(0, dstOffset, srcOffset);
}

function gather(column: Column, indices: Uint32Array): Column {
  const width: Width = column.width;
  const words = wordsOf(column);
  const out = new Uint32Array(indices.length * width);
  indices.forEach((index, k) => {
    ensure(index < column.length, `Index ${index} of ${column.length} entries`);
    out.set(words.subarray(index * width, (index + 1) * width), k * width);
  });
  return new ReferenceColumn(out, width);
}
