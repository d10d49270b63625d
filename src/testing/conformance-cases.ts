/** The cases of the conformance suite, by verb. Sizes where kernels change their way have cases of their own. */
import type { Column } from "../backend/backend.ts";
import type { Bench, ConformanceCase } from "./conformance-bench.ts";
import { edgeCases } from "./conformance-edges.ts";
import { integerCases } from "./conformance-integer.ts";
import { protocolCase } from "./conformance-session.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

export const cases: Record<string, ConformanceCase> = {
  ...integerCases,
  "upload, zeros, slice, free": (bench) => {
    const { session } = bench;
    const base = bench.column(7, 1);
    const extension = bench.column(5, 4);
    session.free(bench.column(3, 4));
    const zeros = session.zeros(9, 1);
    return [
      base,
      extension,
      zeros,
      session.zeros(2, 4),
      session.slice(base, 3, 2),
      session.slice(extension, 1, 4),
      session.slice(session.slice(base, 1, 5), 2, 3),
    ];
  },
  lift: (bench) => [1, 3, 4, 1001].flatMap((n) => [bench.session.lift(bench.column(n, 1)), bench.session.lift(bench.column(n, 4))]),
  place: (bench) => {
    const { session } = bench;
    const source = bench.column(600, 1);
    const out = session.zeros(900, 1);
    session.place(out, 0, source, 0, [7, 5, 3], [15, 3, 1]);
    session.place(out, 110, source, 2, [3, 5, 7], [1, 3, 15]);
    session.place(out, 220, source, 40, [4, 9], [100, 2]);
    session.place(out, 260, source, 599, [], []);
    session.place(out, 270, source, 5, [1, 6, 1], [1, 90, 1]);
    session.place(session.slice(out, 300, 600), 17, session.slice(source, 10, 500), 3, [2, 2, 50], [0, 201, 5]);
    return [out];
  },
  gather: (bench) => {
    const indices = Uint32Array.of(5, 0, 5, 8);
    return [bench.session.gather(bench.column(9, 1), indices), bench.session.gather(bench.column(9, 4), indices)];
  },
  "constants and monomials": (bench) => {
    const { session } = bench;
    const base = bench.scalar();
    const first = session.monomials(base, [
      { exponent: 0, coefficient: 1 },
      { exponent: 1, coefficient: 2147483646 },
      { exponent: 77, coefficient: 12345 },
      { exponent: 2147483647, coefficient: 3 },
    ]);
    return range(4).map((k) => session.eqTable([], first + k));
  },

  eqTable: (bench) =>
    [0, 1, 2, 3, 5, 12].flatMap((n) => [bench.session.eqTable(bench.scalars(n)), bench.session.eqTable(bench.scalars(n), bench.scalar())]),
  addEq: (bench) => {
    const { session } = bench;
    const dst = bench.column(5000, 4);
    for (const [n, offset] of [
      [0, 3],
      [1, 0],
      [2, 5],
      [5, 901],
      [11, 1024],
    ] as const) {
      const [a, b] = bench.scalars(2);
      session.addEq(
        dst,
        offset,
        bench.scalars(n),
        [
          { scalar: a!, bit: 0 },
          { scalar: b!, bit: 1 },
        ],
        bench.scalar(),
      );
      session.addEq(dst, offset, bench.scalars(n), [], bench.scalar());
    }
    return [dst];
  },
  contract: (bench) =>
    (
      [
        [1, 1, 1],
        [1, 5, 1],
        [3, 7, 1],
        [2, 3, 5],
        [1, 64, 6],
        [5, 65, 3],
        [1, 130, 17],
        [33, 9, 1],
        [1, 5000, 1],
        [2, 300, 40],
      ] as const
    ).flatMap(([a, b, c]) => [
      bench.session.contract(bench.column(a * b * c, 1), a, c, bench.column(b, 4)),
      bench.session.contract(bench.column(a * b * c, 4), a, c, bench.column(b + 2, 4)),
    ]),
  evaluate: (bench) =>
    bench.session.evaluate(
      [[], [1], [5], [3, 4], [2, 7, 5], [1, 130], [33, 3, 2, 4], [20, 100], [2, 3], [300, 30]].map((shape) => {
        const cells = shape.reduce((n, size) => n * size, 1);
        return { tensor: bench.column(cells, 1), shape, weights: shape.map((size, d) => bench.column(size + d, 4)) };
      }),
    ),
  "contract of the largest words": (bench) => {
    const largest = bench.session.upload(new Uint32Array(4 * 3000).fill(2147483646), 4);
    const base = bench.session.upload(new Uint32Array(3000).fill(2147483646), 1);
    return [
      bench.session.contract(base, 1, 1, largest),
      bench.session.contract(largest, 1, 1, largest),
      bench.session.contract(base, 3, 10, largest),
    ];
  },
  spread: (bench) => {
    const { session } = bench;
    const source = bench.column(30, 4);
    return [
      session.spread(
        source,
        [5, 6],
        [
          { bits: 3, axis: 0 },
          { bits: 3, axis: 1 },
        ],
      ),
      session.spread(
        source,
        [5, 6],
        [
          { bits: 3, axis: 1 },
          { bits: 2, axis: null },
          { bits: 3, axis: 0 },
        ],
      ),
      session.spread(source, [1, 30], [{ bits: 6, axis: 1 }]),
      session.spread(
        source,
        [2, 1, 15],
        [
          { bits: 0, axis: 1 },
          { bits: 1, axis: 0 },
          { bits: 7, axis: 2 },
        ],
      ),
      session.spread(session.slice(source, 3, 1), [], [{ bits: 11, axis: null }]),
      session.spread(session.slice(source, 7, 1), [1, 1], []),
    ];
  },
  sumProduct: (bench) =>
    [1, 2, 5, 64, 1500].flatMap((n) => [1, 2, 3, 4].map((k) => bench.session.sumProduct(range(k).map(() => bench.column(n, 4))))),
  combine: (bench) =>
    [1, 4, 7, 700].map((n) => bench.session.combine([bench.column(n, 1), bench.column(n, 4), bench.column(n, 1)], bench.scalars(3))),
  bind: (bench) => {
    const tables = [2, 6, 8, 4096].map((n) => bench.column(n, 4));
    bench.session.bind(tables, bench.scalar());
    return tables.map((t) => bench.session.slice(t, 0, t.length / 2));
  },

  "productRound over all rounds": (bench) => [2, 3, 4, 6].flatMap((degree) => productRounds(bench, 5, degree)),
  "productRound, many entries": (bench) => productRounds(bench, 11, 4),
  "innerRound over all rounds": (bench) => [...innerRounds(bench, 4), ...innerRounds(bench, 11)],

  "fractions of shapes that are not powers of two": (bench) => {
    const { session } = bench;
    const shapes = [[5, 3, 6], [16], [3, 4], [7], [], [2, 5]] as const;
    let offset = 256;
    const instances = shapes.map((shape, k) => {
      const cells = shape.reduce<number>((n, size) => n * size, 1);
      const padded = shape.reduce<number>((n, size) => n * 2 ** Math.ceil(Math.log2(size)), 1);
      offset -= k === 0 ? 256 : 0;
      const at = offset;
      offset += padded + (k === 2 ? 16 : 0);
      const columns = range(1 + (k % 4)).map(() => bench.column(cells, 1));
      return { offset: at, shape, columns, table: k + 1, multiplicity: k % 2 === 1 ? bench.column(cells, 1) : null };
    });
    const { numerators, denominators } = session.fractions(10, instances, bench.scalar(), bench.scalar());
    const empty = session.fractions(3, [], bench.scalar(), bench.scalar());
    return [numerators, denominators, empty.numerators, empty.denominators];
  },
  "fractions, many cells": (bench) => {
    const columns = range(3).map(() => bench.column(60 * 100, 1));
    const instances = [{ offset: 0, shape: [60, 100], columns, table: 2147483646, multiplicity: bench.column(6000, 1) }];
    const { numerators, denominators } = bench.session.fractions(13, instances, bench.scalar(), bench.scalar());
    return [numerators, denominators];
  },
  addFractions: (bench) =>
    [2, 4, 6, 4096].flatMap((n) => {
      const { numerators, denominators } = bench.session.addFractions(bench.column(n, 4), bench.column(n, 4));
      return [numerators, denominators];
    }),
  "fractionRound over all rounds": (bench) => [...fractionRounds(bench, 1), ...fractionRounds(bench, 4), ...fractionRounds(bench, 11)],

  "interleave and encode": (bench) =>
    (
      [
        [0, 0],
        [0, 2],
        [1, 0],
        [1, 1],
        [2, 1],
        [3, 2],
        [4, 3],
        [9, 1],
        [11, 1],
        [10, 3],
      ] as const
    ).flatMap(([rowBits, blowup]) => {
      const matrix = bench.column(12 * 2 ** rowBits, 1);
      const message = bench.session.interleave(matrix, rowBits, 8);
      return [message, bench.session.encode(message, blowup)];
    }),
  fold: (bench) => [1, 2, 3, 4, 11].map((n) => bench.session.fold(bench.column(2 ** n, 4), bench.scalar())),
  "rows and trees": (bench) =>
    [1, 2, 4, 8, 128].flatMap((rows) => {
      const hasher = bench.session.rowHasher(rows, 24);
      for (let k = 0; k < 3; k++) hasher.absorb(bench.column(rows, 4), bench.column(rows, 4));
      const digests = hasher.digests();
      return [digests, bench.session.merkle(digests)];
    }),
  "rows that are no multiple of four": (bench) =>
    [3, 5, 6].map((rows) => {
      const hasher = bench.session.rowHasher(rows, 8);
      hasher.absorb(bench.column(rows, 4), bench.column(rows, 4));
      return hasher.digests();
    }),
  "permutation of edge words": (bench) => {
    const words = Uint32Array.from({ length: 64 }, (_, k) => (k < 32 ? 0 : 2147483646));
    return [bench.session.merkle(bench.session.upload(words, 4))];
  },
  "sponge, draws and proof of work": (bench) => {
    const { session } = bench;
    const drawn = [session.eqTable([], session.draw(1))];
    session.absorb(3, bench.samples.words(0));
    session.absorb(4, bench.samples.words(19));
    session.send(5, [bench.column(3, 4), bench.column(5, 1)]);
    for (const bits of [0, 1, 5, 10, 12]) {
      session.grind(bits);
      drawn.push(session.eqTable([], session.draw(2) + 1), session.drawPositions(9, bits + 3));
    }
    return drawn;
  },
  "a whole session": protocolCase,
  ...edgeCases,
};

/** Rounds from 2^bits entries down: terms of 1 .. degree + 1 tables, one table joining a round later, one idle term. */
function productRounds(bench: Bench, bits: number, degree: number): Column[] {
  const { session } = bench;
  let tables = range(degree + 1).map(() => bench.column(2 ** bits, 4));
  const late = bench.column(2 ** (bits - 1), 4);
  const terms = range(degree + 1).map((k) => ({ tables: range(k + 1).map((j) => (j + k) % (degree + 1)), weight: bench.scalar() }));
  const idle = [{ total: bench.column(1, 4), weight: bench.scalar(), factor: 1073741824 }];
  const out: Column[] = [];
  let r: number | null = null;
  for (let size = 2 ** bits; size >= 2; size /= 2) {
    if (size === late.length) tables.push(late);
    const joined = tables.length > degree + 1;
    const all = joined ? [...terms, { tables: [degree + 1, 0], weight: bench.scalar() }] : terms;
    out.push(session.productRound(size, tables, all, joined ? [] : idle, degree, r));
    tables = tables.map((table) => session.slice(table, 0, size));
    r = bench.scalar();
  }
  session.bind(tables, r!);
  return [...out, ...tables.map((table) => session.slice(table, 0, 1))];
}

/** Rounds of three pairs, two of which share a column, one joining a round later. */
function innerRounds(bench: Bench, bits: number): Column[] {
  const { session } = bench;
  const shared = bench.column(2 ** bits, 4);
  const pair = (first: Column, second: Column) => ({ first, second, weight: bench.scalar() });
  let pairs = [pair(shared, bench.column(2 ** bits, 4)), pair(bench.column(2 ** bits, 4), shared)];
  const late = pair(bench.column(2 ** (bits - 1), 4), bench.column(2 ** (bits - 1), 4));
  const idle = [{ total: bench.column(1, 4), weight: bench.scalar(), factor: 4 }];
  const out: Column[] = [];
  let r: number | null = null;
  for (let size = 2 ** bits; size >= 2; size /= 2) {
    if (size === late.first.length) pairs.push(late);
    out.push(session.innerRound(size, pairs, size > late.first.length ? idle : [], r));
    const halves = new Map(pairs.flatMap((p) => [p.first, p.second]).map((column) => [column, session.slice(column, 0, size)]));
    pairs = pairs.map((p) => ({ first: halves.get(p.first)!, second: halves.get(p.second)!, weight: p.weight }));
    r = bench.scalar();
  }
  return [...out, ...pairs.flatMap((p) => [session.slice(p.first, 0, 2), p.second])];
}

/** All rounds of a layer of 2^bits pairs. */
function fractionRounds(bench: Bench, bits: number): Column[] {
  const { session } = bench;
  let tables = range(4).map(() => bench.column(2 ** bits, 4));
  let eq = bench.column(2 ** (bits - 1), 4);
  const lambda = bench.scalar();
  const out: Column[] = [];
  let r: number | null = null;
  for (let round = 0; round < bits; round++) {
    out.push(session.fractionRound([tables[0]!, tables[1]!, tables[2]!, tables[3]!], eq, lambda, r));
    if (r !== null) {
      tables = tables.map((table) => session.slice(table, 0, table.length / 2));
      eq = session.slice(eq, 0, eq.length / 2);
    }
    r = bench.scalar();
  }
  return [...out, ...tables, eq];
}
