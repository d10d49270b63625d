import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend, Column } from "../../backend/backend.ts";
import { toWords } from "../../backend/columns.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { ModelError } from "../../errors.ts";
import { embeddingBytes } from "../../statement/embedding.ts";
import { tokenBytes } from "../../statement/tokens.ts";
import { checkNoWrap, checkRanges } from "../../system/bounds.ts";
import { firstViolation } from "../../testing/check-system.ts";
import { ARCHITECTURES, SMALL, smallProgram } from "../../testing/decoder.ts";
import { compileDecoder, compileEncoder } from "./compile.ts";
import { type CompiledSegment, compileSegment, type RawStatement } from "./compile-segment.ts";
import { computeSegment } from "./device-segment.ts";
import type { TransformerProgram } from "./program.ts";
import { layerGroups, segmentProgram } from "./segment.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await cpuBackend({ threads: 1 });
});
afterAll(() => backend.close());

const POSITIONS = 6;
const PROGRAMS: readonly (readonly [string, TransformerProgram])[] = [
  ["llama", smallProgram()],
  ...Object.entries(ARCHITECTURES).map(([name, { config, biases }]) => [name, smallProgram(config, undefined, biases)] as const),
];

/** A statement of the whole program with its witness by column name. */
function wholeOf(program: TransformerProgram): { readonly statement: RawStatement; readonly witness: ReadonlyMap<string, Int32Array> } {
  if (program.config.output === "mean") {
    const compiled = compileEncoder(program, POSITIONS);
    const run = compiled.run([3, 1, 4, 1]);
    return { statement: { input: embeddingBytes(run.statement), output: 4 }, witness: named(compiled.built.system, run.witness()) };
  }
  const compiled = compileDecoder(program, POSITIONS);
  const run = compiled.run([1, 8, 15], 3);
  return { statement: { input: tokenBytes(run.statement), output: 3 }, witness: named(compiled.built.system, run.witness()) };
}

function named(system: { readonly columns: readonly { readonly name: string }[] }, witness: ReadonlyMap<number, Int32Array>) {
  return new Map([...witness].map(([id, values]) => [system.columns[id]!.name, values]));
}

describe.each(PROGRAMS)("%s", (_, program) => {
  test.each([1, 2, 3])("in %i segments satisfies their constraints, with the values that it has as a whole", (count) => {
    const { statement, witness } = wholeOf(program);
    let states: readonly Int32Array[] | null = null;
    for (const range of layerGroups(SMALL.layers, count)) {
      const { built, run } = compileSegment(segmentProgram(program, range), POSITIONS);
      checkRanges(built.system);
      checkNoWrap(built.system, built.weights, built.lengths);
      const made = run(statement, states);
      const filled = made.witness();
      expect(firstViolation(built, filled)).toBeNull();
      const own = named(built.system, filled);
      const cells = POSITIONS * SMALL.width;
      expect(own.get("stateLow")).toEqual(witness.get("stateLow")!.subarray(2 * range.from * cells, (2 * range.to + 1) * cells));
      for (const name of ["tokens", "next", "embedding", "present"]) expect(own.get(name)).toEqual(witness.get(name));
      const boundaries = built.system.columns.flatMap((c) => (c.kind === "incoming" || c.kind === "outgoing" ? [c.kind] : []));
      expect(boundaries).toEqual([...(range.from > 0 ? ["incoming"] : []), ...(range.to < SMALL.layers ? ["outgoing"] : [])]);
      if (states !== null) expect(own.get("incoming state")).toEqual(Int32Array.from(states.flatMap((row) => [...row])));
      states = made.outgoing;
    }
    expect(states).toBeNull();
  });
});

/** The names of columns that a backend makes otherwise than the host, and the states that it ends with. */
async function onDevice(segment: CompiledSegment, statement: RawStatement, states: readonly Int32Array[] | null) {
  const { system, weights } = segment.built;
  const session = backend.open();
  try {
    const weight = (id: number): Column => session.upload(toWords(weights.get(id) ?? new Int32Array()), 1);
    const made = await computeSegment(segment, statement, states, session, weight);
    const host = segment.run(statement, states);
    const different: string[] = [];
    for (const [id, cells] of host.witness()) {
      const words = await session.read(made.columns.get(id) ?? session.zeros(1, 1));
      if (words.join() !== toWords(cells).join()) different.push(system.columns[id]!.name);
    }
    return { different, outgoing: made.outgoing, expected: host.outgoing };
  } finally {
    session.end();
  }
}

describe.each(PROGRAMS)("%s on a device", (_, program) => {
  test("in segments has the host's columns and states, and refuses another output", async () => {
    const { statement } = wholeOf(program);
    let states: readonly Int32Array[] | null = null;
    for (const range of layerGroups(SMALL.layers, 2)) {
      const segment = compileSegment(segmentProgram(program, range), POSITIONS);
      const { different, outgoing, expected } = await onDevice(segment, statement, states);
      expect(different).toEqual([]);
      expect(outgoing).toEqual(expected);
      const wrong = statement.input.slice();
      wrong[wrong.length - 4] = wrong[wrong.length - 4]! ^ 1; // the last generated token, or the embedding's last cell
      if (outgoing === null) await expect(onDevice(segment, { ...statement, input: wrong }, states)).rejects.toThrow(ModelError);
      states = outgoing;
    }
  });
});

describe("a segment's program", () => {
  const program = PROGRAMS[0]![1];

  test("shares the memory of the whole program's weights", () => {
    const part = segmentProgram(program, { from: 1, to: 3 });
    expect(part.query.weight.buffer).toBe(program.query.weight.buffer);
    expect(part.query.weight.length).toBe((2 * program.query.weight.length) / SMALL.layers);
    expect(part.embedding.length).toBe(0);
    expect(part.head).toBe(program.head);
  });

  test("does not read what it is not given", () => {
    const statement: RawStatement = { input: tokenBytes({ prompt: [1, 2], generated: [3] }), output: 1 };
    const state = Array.from({ length: POSITIONS }, () => new Int32Array(SMALL.width));
    expect(() => compileSegment(segmentProgram(program, { from: 1, to: 3 }), POSITIONS).run(statement, null)).toThrow("reads states");
    expect(() => compileSegment(segmentProgram(program, { from: 0, to: 2 }), POSITIONS).run(statement, state)).toThrow("reads tokens");
  });

  test("has at least one layer", () => {
    expect(layerGroups(7, 3)).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 5 },
      { from: 5, to: 7 },
    ]);
    for (const count of [0, 4, 1.5]) expect(() => layerGroups(3, count)).toThrow(ModelError);
  });
});
