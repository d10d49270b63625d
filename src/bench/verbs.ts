/** Times the heaviest computations of a backend at one size, on any backend. The answer's first entry is read, so that queued work counts. */
import type { Backend, Column, Scalar, Session } from "../backend/backend.ts";
import { Samples } from "../testing/samples.ts";

export interface VerbTime {
  readonly verb: string;
  /** Entries read. */
  readonly entries: number;
  readonly milliseconds: number;
  readonly entriesPerSecond: number;
}

interface Operands {
  readonly session: Session;
  /** Two columns of 2^bits entries of K, and their first quarter. */
  readonly a: Column;
  readonly b: Column;
  readonly message: Column;
  /** A point of `bits` coordinates. */
  readonly point: readonly Scalar[];
  readonly r: Scalar;
}

interface Case {
  readonly verb: string;
  /** Entries read, as a multiple of 2^bits. */
  readonly share: number;
  readonly run: (operands: Operands) => Column;
}

const CASES: readonly Case[] = [
  { verb: "eqTable", share: 1, run: ({ session, point }) => session.eqTable(point) },
  {
    verb: "bind",
    share: 1,
    run: ({ session, a, r }) => {
      session.bind([a], r);
      return a;
    },
  },
  {
    verb: "productRound",
    share: 2,
    run: ({ session, a, b, r }) => session.productRound(a.length, [a, b], [{ tables: [0, 1], weight: r }], [], 2, null),
  },
  {
    verb: "innerRound",
    share: 2,
    run: ({ session, a, b, r }) => session.innerRound(a.length, [{ first: a, second: b, weight: r }], [], null),
  },
  { verb: "addFractions", share: 2, run: ({ session, a, b }) => session.addFractions(a, b).denominators },
  { verb: "encode, rate 1/4", share: 1 / 4, run: ({ session, message }) => session.encode(message, 2) },
  { verb: "fold", share: 1, run: ({ session, a, r }) => session.fold(a, r) },
  { verb: "merkle", share: 1, run: ({ session, a }) => session.merkle(a) },
];

/** One row a verb: the best of `repeats` runs after one to warm up, on tables of 2^bits entries. */
export async function measureVerbs(backend: Backend, bits: number, repeats: number): Promise<VerbTime[]> {
  const rows: VerbTime[] = [];
  const words = new Samples(1).words(4 * 2 ** bits);
  for (const { verb, share, run } of CASES) {
    let best = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat <= repeats; repeat++) {
      const session = backend.open();
      const [a, b] = [session.upload(words, 4), session.upload(words, 4)];
      const first = session.constants(words.subarray(0, 4 * bits));
      const point = Array.from({ length: bits }, (_, k) => first + k);
      const operands = { session, a, b, message: session.slice(a, 0, a.length / 4), point, r: first };
      await session.read(session.slice(b, 0, 1)); // the operands are where the work is
      const start = performance.now();
      await session.read(session.slice(run(operands), 0, 1));
      if (repeat > 0) best = Math.min(best, performance.now() - start);
      session.end();
    }
    const entries = share * 2 ** bits;
    rows.push({ verb, entries, milliseconds: best, entriesPerSecond: (1000 * entries) / best });
  }
  return rows;
}
