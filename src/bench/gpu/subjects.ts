/**
 * The kernels that are measured, as verbs of a session, with what one call has to do: bytes that its kernels read and write, and products in M31 that its
 * formulas need (a product in K is nine). Every call may be repeated on the same operands.
 */
import type { Column, Session } from "../../backend/backend.ts";
import { randomColumn, randomScalars, randomTable } from "./words.ts";

/** Products in M31 of a product in K, and of a permutation (8 rounds of 16 fifth powers, 14 of one). */
const K = 9;
export const PERMUTATION = 8 * 16 * 3 + 14 * 3;

export interface Work {
  /** What a rate counts. */
  readonly items: number;
  readonly unit: string;
  readonly bytes: number;
  readonly products: number;
}

export interface Prepared {
  /** Queues the kernel; returns new columns. */
  readonly call: () => readonly Column[];
  /** What to compare with another backend after one call; the new columns unless given. */
  readonly outcome?: () => readonly Column[];
}

export interface Subject {
  readonly name: string;
  /** On tables of 2^bits entries. */
  readonly work: (bits: number) => Work;
  readonly prepare: (session: Session, bits: number) => Prepared;
}

const entries = (items: number, bytes: number, products: number): Work => ({
  items,
  unit: "entries",
  bytes: bytes * items,
  products: products * items,
});

const tables = (session: Session, bits: number, count: number): Column[] =>
  Array.from({ length: count }, (_, k) => randomTable(session, bits, 10 + k));

/** A round that first binds tables of 2^bits entries; `degree` evaluations. */
const productRound = (count: number, degree: number): Subject => ({
  name: `productRound, ${count} tables`,
  work: (bits) => entries(2 ** (bits - 2), 96 * count, 2 * K * count + degree * count * K),
  prepare: (session, bits) => {
    const list = tables(session, bits, count);
    const [weight, r] = randomScalars(session, 2, 1);
    const terms = [{ tables: list.map((_, k) => k), weight: weight! }];
    return { call: () => [session.productRound(2 ** (bits - 1), list, terms, [], degree, r!)] };
  },
});

export const BIND: Subject = {
  name: "bind",
  work: (bits) => entries(2 ** (bits - 1), 48, K),
  prepare: (session, bits) => {
    const [table] = tables(session, bits, 1);
    const [r] = randomScalars(session, 1, 1);
    return {
      call: () => {
        session.bind([table!], r!);
        return [];
      },
      outcome: () => [session.slice(table!, 0, 2 ** (bits - 1))],
    };
  },
};

export const FRACTION_ROUND: Subject = {
  name: "fractionRound",
  work: (bits) => entries(2 ** (bits - 2), 432, 16 * K),
  prepare: (session, bits) => {
    const [n0, n1, d0, d1] = tables(session, bits, 4);
    const eq = randomTable(session, bits - 1, 20);
    const [lambda, r] = randomScalars(session, 2, 1);
    return { call: () => [session.fractionRound([n0!, n1!, d0!, d1!], eq, lambda!, r!)] };
  },
};

/** Codewords of 2^bits entries, rate 1/2: a first pass of up to 10 layers, then 3 a pass, each reading and writing the codeword. */
export const ENCODE: Subject = {
  name: "encode, rate 1/2",
  work: (bits) => entries(2 ** bits, 24 + 32 * Math.ceil(Math.max(0, bits - 10) / 3), 2 * (bits - 1)),
  prepare: (session, bits) => {
    const message = randomTable(session, bits - 1, 10);
    return { call: () => [session.encode(message, 1)] };
  },
};

export const ROWS: Subject = {
  name: "row hashing",
  work: (bits) => ({ items: 2 ** bits, unit: "permutations", bytes: 128 * 2 ** bits, products: PERMUTATION * 2 ** bits }),
  prepare: (session, bits) => {
    const [a, b] = tables(session, bits, 2);
    const hasher = session.rowHasher(2 ** bits, 16);
    hasher.absorb(a!, b!);
    return {
      call: () => {
        hasher.absorb(b!, a!);
        return [];
      },
      outcome: () => [hasher.digests()],
    };
  },
};

export const PRODUCT_ROUND_2 = productRound(2, 2);

export const SUBJECTS: readonly Subject[] = [
  BIND,
  PRODUCT_ROUND_2,
  productRound(3, 3),
  FRACTION_ROUND,
  {
    name: "addFractions",
    work: (bits) => entries(2 ** (bits - 1), 96, 3 * K),
    prepare: (session, bits) => {
      const [numerators, denominators] = tables(session, bits, 2);
      return {
        call: () => {
          const above = session.addFractions(numerators!, denominators!);
          return [above.numerators, above.denominators];
        },
      };
    },
  },
  ENCODE,
  ROWS,
  {
    name: "merkle, 2^(n-1) leaves",
    work: (bits) => ({
      items: 2 ** (bits - 1),
      unit: "permutations",
      bytes: (96 + 64) * 2 ** (bits - 1),
      products: PERMUTATION * 2 ** (bits - 1),
    }),
    prepare: (session, bits) => {
      const [digests] = tables(session, bits, 1);
      return { call: () => [session.merkle(digests!)] };
    },
  },
  {
    name: "fold",
    work: (bits) => entries(2 ** (bits - 1), 52, 8 + K),
    prepare: (session, bits) => {
      const [code] = tables(session, bits, 1);
      const [r] = randomScalars(session, 1, 1);
      return { call: () => [session.fold(code!, r!)] };
    },
  },
  {
    name: "contract words, rows",
    work: (bits) => entries(2 ** bits, 4, 4),
    prepare: (session, bits) => {
      const outer = 2 ** Math.floor(bits / 2);
      const words = randomColumn(session, bits, 5);
      const weights = randomTable(session, bits - Math.floor(bits / 2), 6);
      return { call: () => [session.contract(words, outer, 1, weights)] };
    },
  },
  {
    name: "contract words, columns",
    work: (bits) => entries(2 ** bits, 4, 4),
    prepare: (session, bits) => {
      const inner = 2 ** Math.floor(bits / 2);
      const words = randomColumn(session, bits, 5);
      const weights = randomTable(session, bits - Math.floor(bits / 2), 6);
      return { call: () => [session.contract(words, 1, inner, weights)] };
    },
  },
  {
    name: "lift",
    work: (bits) => entries(2 ** bits, 20, 0),
    prepare: (session, bits) => {
      const words = randomColumn(session, bits, 5);
      return { call: () => [session.lift(words)] };
    },
  },
  {
    name: "combine 8 columns of words",
    work: (bits) => entries(2 ** (bits - 2), 8 * 4 + 16, 8 * 4),
    prepare: (session, bits) => {
      const size = 2 ** (bits - 2);
      const words = randomColumn(session, bits + 1, 5);
      const columns = Array.from({ length: 8 }, (_, k) => session.slice(words, k * size, size));
      const weights = randomScalars(session, 8, 7);
      return { call: () => [session.combine(columns, weights)] };
    },
  },
  {
    name: "eqTable",
    work: (bits) => entries(2 ** bits, 16, K),
    prepare: (session, bits) => {
      const point = randomScalars(session, bits, 8);
      return { call: () => [session.eqTable(point)] };
    },
  },
];
