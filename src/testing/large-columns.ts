/**
 * Columns of more entries than 65,535 workgroups have lanes, where a dispatch takes a second dimension: a verb on the whole equals the verb on two parts, each
 * small enough for one dimension and covered by the conformance suite. The reference would take minutes.
 */
import type { Backend, Column } from "../backend/backend.ts";
import { Bench } from "./conformance-bench.ts";

/** Four workgroups more than one dimension takes; the last one is not full. */
const COUNT = 2 ** 22 + 4 * 64 - 3;
const PART = 2 ** 21;
const SEED = 20_260_102;

interface WholeAndParts {
  readonly whole: Column;
  readonly parts: readonly Column[];
}

/** Verbs by name. */
export const largeColumns: Readonly<Record<string, (bench: Bench) => WholeAndParts>> = {
  zeros: (bench) => {
    const { session } = bench;
    const dirty = session.lift(session.upload(new Uint32Array(COUNT).fill(7), 1));
    session.free(dirty);
    return { whole: session.zeros(COUNT, 4), parts: [session.zeros(PART, 4), session.zeros(COUNT - PART, 4)] };
  },
  lift: (bench) => byParts(bench, bench.column(COUNT, 1), (part) => bench.session.lift(part)),
  combine: (bench) => {
    const weights = bench.scalars(2);
    return byParts(bench, bench.column(COUNT, 1), (part) => bench.session.combine([part, part], weights));
  },
  contract: (bench) => {
    const weights = bench.column(1, 4);
    return byParts(bench, bench.column(COUNT, 1), (part) => bench.session.contract(part, 1, part.length, weights));
  },
  eqTable: (bench) => {
    const { session } = bench;
    const [first, ...rest] = bench.scalars(22);
    const one = session.constants(Uint32Array.of(1, 0, 0, 0));
    const parts = ([0, 1] as const).map((bit) => {
      const part = session.zeros(PART, 4);
      session.addEq(part, 0, rest, [{ scalar: first!, bit }], one);
      return part;
    });
    return { whole: session.eqTable([first!, ...rest]), parts };
  },
  bind: (bench) => {
    const words = bench.samples.words(2 * PART);
    const tables = (): Column[] => Array.from({ length: 9 }, () => bench.session.upload(words, 4));
    const r = bench.scalar();
    const [together, alone] = [tables(), tables().slice(0, 2)];
    bench.session.bind(together, r);
    for (const table of alone) bench.session.bind([table], r);
    const last = together.at(-1)!;
    return { whole: bench.session.slice(last, 0, last.length / 2), parts: [bench.session.slice(alone[1]!, 0, last.length / 2)] };
  },
};

function byParts(bench: Bench, column: Column, verb: (part: Column) => Column): WholeAndParts {
  const part = (offset: number, length: number): Column => verb(bench.session.slice(column, offset, length));
  return { whole: verb(column), parts: [part(0, PART), part(PART, COUNT - PART - 300), part(COUNT - 300, 300)] };
}

/** @throws Error that says where the whole differs from its parts */
export async function checkLargeColumn(backend: Backend, make: (bench: Bench) => WholeAndParts): Promise<void> {
  const bench = new Bench(backend, SEED);
  try {
    const { whole, parts } = make(bench);
    const words = await bench.session.read(whole);
    let at = 0;
    for (const part of parts) {
      const expected = await bench.session.read(part);
      const difference = expected.findIndex((word, i) => words[at + i] !== word);
      if (difference >= 0) throw new Error(`Word ${at + difference} is ${words[at + difference]} instead of ${expected[difference]}`);
      at += expected.length;
    }
    if (at !== words.length) throw new Error(`The parts have ${at} words, the whole ${words.length}`);
  } finally {
    bench.session.end();
  }
}
