/** A session of the CPU backend: the verbs of `backend.ts` on columns in linear memory; scalars, sponge and tape stay in plain words. */

import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import { permute } from "../../hash/poseidon2.ts";
import type { IdleTerm, Session, Width } from "../backend.ts";
import { ensure } from "../check.ts";
import { evaluateByAxes } from "../contraction.ts";
import { Scalars, Sponge } from "../host.ts";
import { integerVerbs } from "../integers.ts";
import * as hash from "./hash.ts";
import * as line from "./line.ts";
import * as lookup from "./lookup.ts";
import * as rounds from "./rounds.ts";
import * as tables from "./tables.ts";
import type { Device } from "./workspace.ts";
import { CpuColumn, Workspace } from "./workspace.ts";

export function openSession(device: Device): Session {
  const space = new Workspace(device);
  const scalars = new Scalars();
  const sponge = new Sponge(permute);
  const get = (index: number): QM31 => scalars.get(index);
  const challenge = (index: number | null): QM31 | null => (index === null ? null : get(index));
  const idleSum = (idle: readonly IdleTerm[]): QM31 =>
    qm31.sum(idle.map((t) => qm31.scale(qm31.mul(space.element(space.own(t.total, 4).pointer), get(t.weight)), t.factor)));

  const upload = (words: Uint32Array, width: Width): CpuColumn => {
    ensure(words.length % width === 0, `${words.length} words are not entries of width ${width}`);
    const column = space.column(words.length / width, width);
    space.words(column).set(words);
    return column;
  };

  const session: Session = {
    upload,
    zeros: (length, width) => {
      const column = space.column(length, width);
      space.words(column).fill(0);
      return column;
    },
    slice: (column, offset, length) => {
      const { pointer, width } = space.own(column);
      ensure(offset >= 0 && offset + length <= column.length, `A slice ${offset} + ${length} of ${column.length} entries`);
      return new CpuColumn(pointer + 4 * width * offset, length, width);
    },
    kept: (_owner, _name, make) => make(), // a copy of memory costs little
    read: async (column) => Uint32Array.from(space.words(space.own(column))),
    free: (column) => space.free(space.own(column)),
    lift: (column) => tables.lift(space, column),
    place: (dst, dstOffset, src, srcOffset, sizes, strides) => tables.place(space, dst, dstOffset, src, srcOffset, sizes, strides),
    gather: (column, indices) => tables.gather(space, column, indices),

    constants: (words) => scalars.constants(words),
    monomials: (base, terms) => scalars.monomials(base, terms),
    absorb: (tag, words) => sponge.absorb(tag, [words]),
    send: (tag, columns) =>
      sponge.send(
        tag,
        columns.map((column) => space.words(space.own(column))),
      ),
    draw: (count) => scalars.append(sponge.draw(count)),
    grind: (bits) => sponge.grind(bits, (state, n) => hash.findNonce(space, state, n)),
    drawPositions: (count, bits) => {
      const column = space.column(count, 1);
      space.words(column).set(sponge.positions(count, bits));
      return column;
    },
    tape: async () => sponge.tape(),

    eqTable: (point, weight) => tables.eqTable(space, point.map(get), weight === undefined ? qm31.ONE : get(weight)),
    contract: (t, outer, inner, weights) => tables.contract(space, t, outer, inner, weights),
    evaluate: (evaluations) => evaluations.map((evaluation) => evaluateByAxes(session, evaluation)),
    spread: (source, shape, dimensions) => tables.spread(space, source, shape, dimensions),
    sumProduct: (columns) => space.elements([rounds.sumProduct(space, columns)]),
    combine: (columns, weights) => tables.combine(space, columns, weights.map(get)),
    bind: (columns, r) => tables.bind(space, columns, get(r)),
    addEq: (dst, offset, point, conditions, weight) => {
      const factors = conditions.map((c) => (c.bit === 1 ? get(c.scalar) : qm31.sub(qm31.ONE, get(c.scalar))));
      tables.addEq(space, dst, offset, point.map(get), factors.reduce(qm31.mul, get(weight)));
    },

    productRound: (size, columns, terms, idle, degree, r) => {
      const weighted = terms.map((t) => ({ tables: t.tables, weight: get(t.weight) }));
      return space.elements(rounds.productRound(space, size, columns, weighted, idleSum(idle), degree, challenge(r)));
    },
    innerRound: (size, pairs, idle, r) => {
      const weighted = pairs.map((p) => ({ first: p.first, second: p.second, weight: get(p.weight) }));
      return space.elements(rounds.innerRound(space, size, weighted, idleSum(idle), challenge(r)));
    },
    fractions: (bits, instances, alpha, beta) => lookup.fractions(space, bits, instances, get(alpha), get(beta)),
    addFractions: (numerators, denominators) => lookup.addFractions(space, numerators, denominators),
    fractionRound: (four, eq, lambda, r) => space.elements(lookup.fractionRound(space, four, eq, get(lambda), challenge(r))),

    ...integerVerbs(
      (column) => space.words(space.own(column, 1)),
      (words) => upload(words, 1),
    ),

    interleave: (matrix, rowBits, column) => line.interleave(space, matrix, rowBits, column),
    encode: (message, blowup) => line.encode(space, message, blowup),
    fold: (codeword, r) => line.fold(space, codeword, get(r)),
    rowHasher: (rows, words) => hash.rowHasher(space, rows, words),
    merkle: (digests) => hash.merkle(space, digests),
    end: () => space.end(),
  };
  return session;
}
