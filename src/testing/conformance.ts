/** The conformance suite as tests, one for every case. */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { cases } from "./conformance-cases.ts";
import { type Cases, checkCase } from "./conformance-run.ts";

/** A first use compiles kernels, which an adapter on the CPU takes seconds for. */
const TIMEOUT_MS = 240_000;

/** Declares the suite for a backend that `start` makes. */
export function describeConformance(label: string, start: () => Promise<Backend>, chosen: Cases = cases): void {
  describe(`${label} agrees with the reference`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.close());

    for (const [name, run] of Object.entries(chosen)) it(name, { timeout: TIMEOUT_MS }, () => checkCase(backend, run));
  });
}
