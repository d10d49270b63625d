/**
 * One test body for all backends: every verb of `backend.ts`, byte for byte against the reference. Sizes lie below, at and above four lanes and the size
 * from which work is shared between threads; words include 0, 1 and P - 1.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { P } from "../field/m31.ts";
import { Bench, type ConformanceCase } from "./conformance-bench.ts";
import { cases } from "./conformance-cases.ts";

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
