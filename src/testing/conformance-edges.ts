/** Cases at the sizes where kernels change their way: a workgroup's 64 lanes, and more entries than the workgroups that share a sum have lanes. */
import type { Column } from "../backend/backend.ts";
import type { Bench, ConformanceCase } from "./conformance-bench.ts";

/** One below, at and one above a workgroup, and the same for two of them. */
const AROUND = [63, 64, 65, 127, 128, 129] as const;
/** 1024 workgroups of 64 lanes share a sum at most. */
const SHARED = 2 ** 16;

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const halves = (columns: readonly Column[], bench: Bench): Column[] => columns.map((c) => bench.session.slice(c, 0, c.length / 2));

export const edgeCases: Record<string, ConformanceCase> = {
  "columns around a workgroup": (bench) => {
    const { session } = bench;
    return AROUND.flatMap((n) => {
      const [words, elements] = [bench.column(n, 1), bench.column(n, 4)];
      const indices = Uint32Array.from({ length: n }, (_, k) => (k * 7) % n);
      const placed = session.zeros(n + 3, 1);
      session.place(placed, 3, words, 0, [n], [1]);
      return [
        ...[session.zeros(n, 1), session.zeros(n, 4), session.lift(words), session.lift(elements), placed],
        ...[session.gather(words, indices), session.gather(elements, indices)],
        session.combine([words, elements], bench.scalars(2)),
      ];
    });
  },
  "gather, more indices than one dispatch takes": (bench) =>
    [8191, 8192, 8193, 16390].flatMap((n) => {
      const indices = Uint32Array.from({ length: n }, (_, k) => (k * 31) % 101);
      return [bench.session.gather(bench.column(101, 1), indices), bench.session.gather(bench.column(101, 4), indices)];
    }),
  "bind around a workgroup, tables of several lengths": (bench) => {
    const tables = [...AROUND, 1].map((n) => bench.column(2 * n, 4));
    bench.session.bind(tables, bench.scalar());
    return halves(tables, bench);
  },
  "sums around a workgroup": (bench) =>
    AROUND.flatMap((n) => [1, 3].map((k) => bench.session.sumProduct(range(k).map(() => bench.column(n, 4))))),
  "contract around a workgroup": (bench) =>
    [63, 64, 65, 511, 512, 513].flatMap((b) => [
      bench.session.contract(bench.column(b, 1), 1, 1, bench.column(b, 4)),
      bench.session.contract(bench.column(2 * b, 4), 2, 1, bench.column(b, 4)),
      bench.session.contract(bench.column(3 * b, 1), 1, 3, bench.column(b, 4)),
      bench.session.contract(bench.column(3 * b, 1), b, 1, bench.column(3, 4)),
      bench.session.contract(bench.column(3 * b, 4), 1, b, bench.column(3, 4)),
    ]),
  "tables of equality around a workgroup": (bench) => [6, 7, 8].map((n) => bench.session.eqTable(bench.scalars(n), bench.scalar())),
  "fractions around a workgroup": (bench) => {
    const { session } = bench;
    const instances = [63, 64, 65].map((cells, k) => ({
      offset: 128 * k,
      shape: [cells],
      columns: range(k + 1).map(() => bench.column(cells, 1)),
      table: k + 1,
      multiplicity: k === 1 ? bench.column(cells, 1) : null,
    }));
    const leaves = session.fractions(9, instances, bench.scalar(), bench.scalar());
    const above = AROUND.map((n) => session.addFractions(bench.column(2 * n, 4), bench.column(2 * n, 4)));
    return [leaves, ...above].flatMap(({ numerators, denominators }) => [numerators, denominators]);
  },
  "line code and tree around a workgroup and a tile": (bench) =>
    [5, 6, 7, 8].flatMap((rowBits) => {
      const { session } = bench;
      const word = session.encode(session.interleave(bench.column(4 * 2 ** rowBits, 1), rowBits, 0), 1);
      const hasher = session.rowHasher(2 ** rowBits, 8);
      hasher.absorb(session.slice(word, 0, 2 ** rowBits), session.slice(word, 2 ** rowBits, 2 ** rowBits));
      const digests = hasher.digests();
      return [word, session.fold(word, bench.scalar()), digests, session.merkle(digests)];
    }),
  "sums of more entries than workgroups share": (bench) =>
    [SHARED - 1, SHARED, SHARED + 65].map((n) => bench.session.sumProduct([bench.column(n, 4), bench.column(n, 4)])),
  "rounds of more entries than workgroups share": (bench) => {
    const { session } = bench;
    const size = 2 * SHARED;
    const [a, b] = [bench.column(size, 4), bench.column(2 * size, 4)];
    const r = bench.scalar();
    const half = session.slice(b, 0, size);
    const product = session.productRound(size, [a, b], [{ tables: [0, 1], weight: r }], [], 2, r);
    const inner = session.innerRound(size, [{ first: a, second: half, weight: r }], [], null);
    const quarter = range(4).map((k) => session.slice(k < 2 ? a : half, (k % 2) * SHARED, SHARED));
    const eq = bench.column(SHARED / 2, 4);
    const fractions = session.fractionRound([quarter[0]!, quarter[1]!, quarter[2]!, quarter[3]!], eq, r, null);
    return [product, inner, fractions, half];
  },
};
