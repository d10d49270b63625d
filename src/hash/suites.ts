/** The hash suites by name and by the number in file headers (SPEC §2). */
import { poseidon2M31 } from "./poseidon2-m31.ts";
import type { Suite } from "./suite.ts";

const SUITES: readonly Suite[] = [poseidon2M31];

/** The suite of a name, or null. */
export function suiteByName(name: string): Suite | null {
  return SUITES.find((suite) => suite.name === name) ?? null;
}

/** The suite of a number, or null. */
export function suiteByNumber(number: number): Suite | null {
  return SUITES.find((suite) => suite.number === number) ?? null;
}
