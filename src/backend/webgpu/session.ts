/** A session of the WebGPU backend: the verbs of `backend.ts` as kernels and transcript operations. Everything stays on the device until it is read. */
import type { Session } from "../backend.ts";
import { ensure } from "../check.ts";
import { elementsOf, GpuColumn, wordsOf } from "./column.ts";
import { type Condition, Equality } from "./equality.ts";
import { evaluate } from "./evaluations.ts";
import * as hash from "./hash.ts";
import { integerVerbs } from "./integers.ts";
import * as line from "./line.ts";
import * as lookup from "./lookup.ts";
import type { Recorder } from "./recorder.ts";
import { Rounds } from "./rounds.ts";
import * as tables from "./tables.ts";
import { Transcript } from "./transcript.ts";
import { Workspace } from "./workspace.ts";

export function openSession(recorder: Recorder, lineTables: line.LineTables, soloProducts: number): Session {
  const space = new Workspace(recorder, soloProducts);
  const transcript = new Transcript(space);
  const rounds = new Rounds(space, transcript);
  const equality = new Equality(space, space.scalar(transcript.constants(Uint32Array.of(1, 0, 0, 0))));

  return {
    upload: (words, width) => {
      ensure(words.length % width === 0, `${words.length} words are not entries of width ${width}`);
      const column = space.column(words.length / width, width);
      recorder.upload(column.address, words);
      return column;
    },
    zeros: (length, width) => tables.zeros(space, length, width),
    slice: (column, offset, length) => {
      ensure(offset >= 0 && offset + length <= column.length, `A slice ${offset} + ${length} of ${column.length} entries`);
      return new GpuColumn(wordsOf(column) + column.width * offset, length, column.width);
    },
    kept: (owner, name, make) => space.kept(owner, name, make),
    read: (column) => {
      space.flush();
      return recorder.read(wordsOf(column), column.length * column.width);
    },
    free: (column) => space.free(column),
    lift: (column) => tables.lift(space, column),
    place: (dst, dstOffset, src, srcOffset, sizes, strides) => tables.place(space, dst, dstOffset, src, srcOffset, sizes, strides),
    gather: (column, indices) => tables.gather(space, column, indices),

    constants: (words) => transcript.constants(words),
    monomials: (base, terms) => transcript.monomials(base, terms),
    absorb: (tag, words) => transcript.absorb(tag, words),
    send: (tag, columns) => transcript.send(tag, columns),
    draw: (count) => transcript.draw(count),
    grind: (bits) => transcript.grind(bits),
    drawPositions: (count, bits) => transcript.drawPositions(count, bits),
    tape: () => transcript.tape(),

    eqTable: (point, weight) => {
      const out = space.column(2 ** point.length, 4);
      const coordinates = point.map((s) => space.scalar(s));
      equality.write(elementsOf(out), coordinates, weight === undefined ? undefined : space.scalar(weight));
      return out;
    },
    contract: (t, outer, inner, weights) => tables.contract(space, t, outer, inner, weights),
    evaluate: (evaluations) => evaluate(space, evaluations),
    spread: (source, shape, dimensions) => tables.spread(space, source, shape, dimensions),
    sumProduct: (columns) => rounds.sumProduct(columns),
    combine: (columns, weights) => tables.combine(space, columns, weights),
    bind: (columns, r) => tables.bind(space, columns, r),
    addEq: (dst, offset, point, conditions, weight) => {
      ensure(offset + 2 ** point.length <= dst.length, `${2 ** point.length} entries at ${offset} pass the end of ${dst.length}`);
      const factors = conditions.map((c): Condition => [space.scalar(c.scalar), c.bit]);
      const coordinates = point.map((s) => space.scalar(s));
      equality.write(elementsOf(dst) + offset, coordinates, space.scalar(weight), factors, 1);
    },

    productRound: (size, columns, terms, idle, degree, r) => rounds.productRound(size, columns, terms, idle, degree, r),
    innerRound: (size, pairs, idle, r) => rounds.innerRound(size, pairs, idle, r),
    fractions: (bits, instances, alpha, beta) => lookup.fractions(space, bits, instances, alpha, beta),
    addFractions: (numerators, denominators) => lookup.addFractions(space, numerators, denominators),
    fractionRound: (four, eq, lambda, r) => rounds.fractionRound(four, eq, lambda, r),

    ...integerVerbs(space),

    interleave: (matrix, rowBits, column) => line.interleave(space, matrix, rowBits, column),
    encode: (message, blowup) => line.encode(space, lineTables, message, blowup),
    fold: (codeword, r) => line.fold(space, lineTables, codeword, r),
    rowHasher: (rows, words) => hash.rowHasher(space, rows, words),
    merkle: (digests) => hash.merkle(space, digests),
    end: () => space.end(),
  };
}
