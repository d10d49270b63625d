/**
 * The conformance suite without a test runner, for Node, Deno and browsers alike: every verb of `backend.ts`, byte for byte against the reference. Sizes
 * lie below, at and above four lanes, a workgroup's 64 and the size from which work is shared between threads; words include 0, 1 and P - 1.
 */
import type { Backend } from "../backend/backend.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { P } from "../field/m31.ts";
import { Bench, type ConformanceCase } from "./conformance-bench.ts";
import { cases } from "./conformance-cases.ts";

export interface Failure {
  readonly name: string;
  readonly message: string;
}

export interface Outcome {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

export type Cases = Readonly<Record<string, ConformanceCase>>;

/** What a case leaves: the columns that it names, and last the tape. */
type Words = readonly Uint32Array[];

const SEED = 20_260_101;

/** What the reference leaves: it is slow, and several backends are compared with it in one process. */
const expectations = new Map<ConformanceCase, Promise<Words>>();

/** Runs one case on a backend. @throws Error that says where the words differ from the reference's */
export async function checkCase(backend: Backend, run: ConformanceCase): Promise<void> {
  const expected = expectations.get(run) ?? record(referenceBackend(), run);
  expectations.set(run, expected);
  const difference = firstDifference(await record(backend, run), await expected);
  if (difference !== null) throw new Error(difference);
}

/** Runs all cases, a failing one not keeping the others from being run. `onCase` hears of each: null if it passed. */
export async function runConformance(
  backend: Backend,
  onCase: (name: string, failure: string | null) => void = () => {},
  chosen: Cases = cases,
): Promise<Outcome> {
  const failures: Failure[] = [];
  let passed = 0;
  for (const [name, run] of Object.entries(chosen)) {
    try {
      await checkCase(backend, run);
      passed++;
      onCase(name, null);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ name, message });
      onCase(name, message);
    }
  }
  return { passed, failures };
}

async function record(backend: Backend, run: ConformanceCase): Promise<Words> {
  const bench = new Bench(backend, SEED);
  try {
    const columns = run(bench);
    return await Promise.all([...columns.map((column) => bench.session.read(column)), bench.session.tape()]);
  } finally {
    bench.session.end();
  }
}

/** Where the words differ, or are no field elements; null if nowhere. */
function firstDifference(actual: Words, expected: Words): string | null {
  if (expected.every((words) => words.length === 0)) return "The case leaves no words";
  if (actual.length !== expected.length) return `${actual.length} columns instead of ${expected.length}`;
  for (const [k, words] of expected.entries()) {
    const place = k === expected.length - 1 ? "the tape" : `column ${k}`;
    const found = actual[k]!;
    if (found.length !== words.length) return `${place} has ${found.length} words instead of ${words.length}`;
    const at = words.findIndex((word, i) => found[i] !== word || word >= P);
    if (at >= 0) return `Word ${at} of ${place} is ${found[at]} instead of ${words[at]}`;
  }
  return null;
}
