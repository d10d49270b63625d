/**
 * One test body for all backends: every verb of `backend.ts`, byte for byte against the reference. Sizes lie below, at and above four lanes and the size
 * from which work is shared between threads; words include 0, 1 and P - 1.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend, Column, Session } from "../backend/backend.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { P } from "../field/m31.ts";
import { cases } from "./conformance-cases.ts";
import { Samples } from "./samples.ts";

/** A session with sampled columns and scalars. */
export class Bench {
  readonly session: Session;
  readonly samples: Samples;

  constructor(backend: Backend, seed: number) {
    this.session = backend.open();
    this.samples = new Samples(seed);
  }

  column(length: number, width: 1 | 4): Column {
    return this.session.upload(this.samples.words(length * width), width);
  }

  /** `count` consecutive scalars; returns the indices. */
  scalars(count: number): number[] {
    const first = this.session.constants(this.samples.words(4 * count));
    return Array.from({ length: count }, (_, k) => first + k);
  }

  scalar(): number {
    return this.scalars(1)[0]!;
  }

  async read(columns: readonly Column[]): Promise<number[][]> {
    return Promise.all(columns.map(async (column) => Array.from(await this.session.read(column))));
  }
}

/** A case calls verbs and returns the columns to compare. */
export type ConformanceCase = (bench: Bench) => readonly Column[];

/** Declares the suite for a backend that `start` makes. */
export function describeConformance(label: string, start: () => Promise<Backend>): void {
  describe(`${label} agrees with the reference`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.close());

    for (const [name, run] of Object.entries(cases)) {
      it(name, async () => {
        const expected = await record(referenceBackend(), run);
        expect(expected.columns.flat().length + expected.tape.length).toBeGreaterThan(0);
        const actual = await record(backend, run);
        for (const words of [...actual.columns, actual.tape]) expect(words.every((word) => word < P)).toBe(true);
        expect(actual).toEqual(expected);
      });
    }
  });
}

/** What a case leaves: the columns that it names, and the tape. */
async function record(backend: Backend, run: ConformanceCase): Promise<{ columns: number[][]; tape: number[] }> {
  const bench = new Bench(backend, 20_260_101);
  const columns = await bench.read(run(bench));
  const tape = Array.from(await bench.session.tape());
  bench.session.end();
  return { columns, tape };
}
