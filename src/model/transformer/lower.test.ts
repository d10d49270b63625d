import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { ModelError, type VerifyCode } from "../../errors.ts";
import { checkNoWrap } from "../../system/bounds.ts";
import { firstViolation } from "../../testing/check-system.ts";
import { SMALL, smallProgram } from "../../testing/decoder.ts";
import { type DecoderCase, decoderCase, stated } from "../../testing/decoder-proof.ts";
import { type Changes, cheatingWitness } from "../../testing/malicious.ts";
import { columnNamed, prove, withoutWork } from "../../testing/toy-proof.ts";
import { rejectionOf } from "../../testing/walker.ts";
import { verify } from "../../verifier/verify.ts";
import { compileDecoder } from "./compile.ts";
import { type AxisName, shapeOf, sizesOf, TRACE_AXES, type TraceName, traceNames } from "./layout.ts";
import { LOW_BITS, rootNumerator, upOf } from "./program.ts";
import { maskedRow, scoreRow, scoreTable } from "./scores.ts";

const PROMPT = [1, 8, 15];
const COUNT = 3;
/** One position is left over. */
const POSITIONS = 6;
const sizes = sizesOf(SMALL, POSITIONS);

let backend: Backend;
/** At 100 bits, and with few queries. */
let full: DecoderCase;
let made: DecoderCase;
beforeAll(async () => {
  backend = await cpuBackend();
  full = await decoderCase(backend, PROMPT, COUNT, POSITIONS);
  made = { ...full, ...(await withoutWork(full)) };
});
afterAll(() => backend.close());

const honest = (name: string): number[] => [...made.witness.get(columnNamed(made, name))!];

/** The code by which a cheating proof is rejected, null if it is accepted. */
async function outcome(changes: Changes): Promise<VerifyCode | null> {
  const witness = cheatingWitness(made, changes);
  return rejectionOf(made.key, await prove(made, { witness, backend }));
}
const REJECTED: readonly (VerifyCode | null)[] = ["constraint/final", "lookup/root"];

describe("a decoder", () => {
  test("is proven from tokens to arg max, and the verifier returns the statement", async () => {
    const statement = verify(full.key, await prove(full, { backend }));
    expect(statement.tokens).toEqual({ prompt: PROMPT, generated: full.statement.generated });
    expect(statement.output).toEqual({ index: COUNT, label: "" });
    expect(statement.bits).toBeGreaterThanOrEqual(100);
  });

  test("proves other prompts and lengths under the same key, up to its last position", async () => {
    for (const [prompt, count] of [
      [[4], 1],
      [[2, 3, 5, 7, 11, 13], 1],
      [[22, 0], POSITIONS - 1],
    ] as const) {
      const other = stated(made, prompt, count);
      expect(await rejectionOf(made.key, await prove(other, { backend }))).toBeNull();
    }
    expect(() => made.compiled.run(PROMPT, POSITIONS)).toThrow(RangeError);
  });

  test.each([
    ["one layer, one head", { ...SMALL, layers: 1, heads: 1, keyHeads: 1, headWidth: 4, width: 4 }],
    ["nine heads on three key heads", { ...SMALL, layers: 2, heads: 9, keyHeads: 3, headWidth: 4, width: 36 }],
    ["as many key heads as heads", { ...SMALL, layers: 2, heads: 4, keyHeads: 4 }],
  ])("satisfies its constraints with %s", (_, config) => {
    const compiled = compileDecoder(smallProgram(config), 5);
    checkNoWrap(compiled.built.system, compiled.built.weights, compiled.built.lengths);
    expect(firstViolation(compiled.built, compiled.run([1, 2], 3).witness())).toBeNull();
  });

  test("has no system for more positions than the model was made for, or than counts of classes have digits for", () => {
    const long = smallProgram({ ...SMALL, context: 5000 });
    for (const positions of [0, 1024]) expect(() => compileDecoder(long, positions)).toThrow(ModelError);
    expect(() => compileDecoder(smallProgram(), SMALL.context + 1)).toThrow(ModelError);
  });

  test("has as many constraints and columns whatever the layers", () => {
    const counts = [1, 4, 16].map((layers) => {
      const { system } = compileDecoder(smallProgram({ ...SMALL, layers }), 4).built;
      return [system.constraints.length, system.columns.length];
    });
    // limbs depend on the size of a column
    for (const [constraints] of counts) expect(Math.abs(constraints! - counts[0]![0]!)).toBeLessThan(12);
  });
});

describe("a cheating prover is rejected", () => {
  test("and the unchanged witness is not", async () => {
    expect(await outcome({})).toBeNull();
  });

  test.each(traceNames(SMALL))("with another value of %s", async (name) => {
    const values = honest(name);
    const step = (index: number, by: number) => ({ [name]: (v: number[]) => v.with(index, v[index]! + by) });
    // a hidden score's row is free but for its weight, and so are hidden margins
    const index = values.length - (name === "logitMax" || name.startsWith("margin") ? 2 * (values.length / POSITIONS) : 1);
    for (const by of [1, -1]) expect(REJECTED).toContain(await outcome(step(index, by)));
  });

  /** All values with the parts of one axis exchanged. */
  const exchanged = (axis: "layers" | "positions" | "groups", names: readonly TraceName[]): Changes => {
    const changes: Record<string, (v: number[]) => number[]> = {};
    for (const name of names) {
      const shape = shapeOf(sizes, name);
      const d = (TRACE_AXES[name] as readonly AxisName[]).indexOf(axis);
      if (d < 0) continue;
      const inner = shape.slice(d + 1).reduce((n, s) => n * s, 1);
      changes[name] = (v) => v.map((_, k) => v[swapped(k, shape[d]!, inner)]!);
    }
    return changes;
  };
  const swapped = (k: number, size: number, inner: number): number => {
    const at = Math.floor(k / inner) % size;
    return at > 1 ? k : k + (at === 0 ? inner : -inner);
  };

  test("with two layers, positions or heads exchanged everywhere", async () => {
    for (const axis of ["layers", "positions", "groups"] as const)
      expect(REJECTED).toContain(await outcome(exchanged(axis, traceNames(SMALL))));
  });

  test("with keys and values of an earlier position", async () => {
    const stale = (name: TraceName): Changes[string] => {
      const [, , ...rest] = shapeOf(sizes, name);
      const row = rest.reduce((n, s) => n * s, 1);
      return (v) => v.map((x, k) => (Math.floor(k / row) % POSITIONS === 2 ? v[k - row]! : x));
    };
    for (const names of [
      ["key", "keyFlat"],
      ["valueHigh", "valueLow"],
    ] as const)
      expect(REJECTED).toContain(await outcome(Object.fromEntries(names.map((name) => [name, stale(name)]))));
  });

  test.each<[TraceName, TraceName, () => number]>([
    ["normed", "normRest", () => 2 ** (made.compiled.program.scales.rootShift - LOW_BITS)],
    ["queryFlat", "queryFlatRest", () => 2 ** made.compiled.program.query.shift],
    ["query", "queryRest", () => 2 ** 14],
    ["keyFlat", "keyFlatRest", () => 2 ** made.compiled.program.key.shift],
    ["key", "keyRest", () => 2 ** 14],
    ["valueLow", "valueRest", () => 2 ** made.compiled.program.value.shift],
    ["gate", "gateRest", () => 2 ** made.compiled.program.gate.shift],
    ["up", "upRest", () => 2 ** upOf(made.compiled.program).shift],
    ["feedLow", "gatedRest", () => 2 ** made.compiled.program.scales.gatedShift],
    ["normCarryLow", "normLow", () => 2 ** LOW_BITS],
    ["rootCarryLow", "rootRestLow", () => 1024],
    ["reciprocalCarry", "reciprocalRestLow", () => -1024],
  ])("with a %s whose rest makes up for it", async (name, rest, unit) => {
    const k = 1;
    for (const by of [1, -1])
      expect(REJECTED).toContain(await outcome({ [name]: (v) => v.with(k, v[k]! + by), [rest]: (v) => v.with(k, v[k]! - by * unit()) }));
  });

  test("with another root or reciprocal, all limbs computed for it", async () => {
    const at = (name: TraceName) => honest(name)[k]!;
    const k = 8;
    const n = 1024 * at("rootHigh") + at("rootLow");
    const numerator = rootNumerator(SMALL, made.compiled.program.scales);
    const limbs = (name: string, v: number): Changes => ({
      [`${name}High`]: (x) => x.with(k, Math.floor(v / 1024)),
      [`${name}Low`]: (x) => x.with(k, ((v % 1024) + 1024) % 1024),
    });
    for (const by of [1, -1]) {
      const r = at("reciprocal") + by;
      const divided = numerator - r * n;
      const low = ((divided % 1024) + 1024) % 1024;
      expect(REJECTED).toContain(
        await outcome({
          reciprocal: (x) => x.with(k, r),
          reciprocalCarry: (x) => x.with(k, (r * (n % 1024) + low - (numerator % 1024)) / 1024),
          ...limbs("reciprocalRest", divided),
          ...limbs("reciprocalSlack", n - 1 - divided),
        }),
      );
      const square = n * n + 1024 * at("rootRestHigh") + at("rootRestLow");
      const rest = square - (n + by) ** 2;
      const restLow = ((rest % 1024) + 1024) % 1024;
      const [rootHigh, rootLow] = [Math.floor((n + by) / 1024), (n + by) % 1024];
      const lowCarry = at("rootCarryLow") + (at("rootLow") ** 2 + at("rootRestLow") - rootLow ** 2 - restLow) / 1024;
      expect(REJECTED).toContain(
        await outcome({
          ...limbs("root", n + by),
          ...limbs("rootRest", rest),
          ...limbs("rootSlack", 2 * (n + by) - rest),
          rootCarryLow: (x) => x.with(k, lowCarry),
          rootCarryHigh: (x) => x.with(k, at("rootCarryHigh") + rootHigh ** 2 - at("rootHigh") ** 2),
        }),
      );
    }
  });

  test("with another mean, all limbs computed for it", async () => {
    const k = 40;
    const half = 2 ** (made.compiled.program.scales.valueBits / 2);
    const at = (name: TraceName) => honest(name)[k]!;
    const [, positions, groups, members, pairs] = [0, POSITIONS, sizes.groups, sizes.members, sizes.pairs];
    const head = Math.floor(k / (2 * pairs)) % (groups * members);
    const position = Math.floor(k / (2 * pairs * groups * members)) % positions;
    const layer = Math.floor(k / (2 * pairs * groups * members * positions));
    const sum = honest("expSum")[(layer * groups * members + head) * positions + position]!;
    const low = at("mixedLow");
    const by = low === half - 1 ? -1 : 1;
    const rest = 2048 * at("mixedRestHigh") + at("mixedRestLow") - 2 * by * sum;
    const limbs = (name: string, v: number): Changes => ({
      [`${name}High`]: (x) => x.with(k, Math.floor(v / 2048)),
      [`${name}Low`]: (x) => x.with(k, ((v % 2048) + 2048) % 2048),
    });
    expect(
      await outcome({ mixedLow: (x) => x.with(k, low + by), ...limbs("mixedRest", rest), ...limbs("mixedSlack", 2 * sum - 1 - rest) }),
    ).not.toBeNull();
  });

  describe("in the softmax", () => {
    const row = (l: number, h: number, i: number) => (l * 4 + h) * POSITIONS + i;
    const at = (name: TraceName, k: number) => honest(name)[k]!;
    const ROW = row(1, 2, 3);
    const rowOf = (difference: number, visible: boolean) => {
      const table = scoreTable(made.compiled.program.scales);
      return visible ? scoreRow(table, difference) : maskedRow(table, difference);
    };
    const put = (name: TraceName, first: number, values: readonly number[]): Changes => ({
      [name]: (v) => v.map((x, k) => values[k - first] ?? x),
    });

    test("with a larger maximum: no score reaches it", async () => {
      for (const by of [1, 16]) {
        const first = ROW * POSITIONS;
        const lifted = Array.from({ length: POSITIONS }, (_, j) => at("scoreBase", first + j) + at("scoreOffset", first + j) + by);
        const rows = lifted.map((difference, j) => rowOf(difference, j <= 3));
        const sum = rows.slice(0, 4).reduce((n, r) => n + r.exp, 0);
        expect(REJECTED).toContain(
          await outcome({
            scoreMax: (v) => v.with(ROW, v[ROW]! + by),
            ...put(
              "scoreBase",
              first,
              rows.map((r) => r.base),
            ),
            ...put(
              "scoreExp",
              first,
              rows.map((r) => r.exp),
            ),
            ...put(
              "scoreClass",
              first,
              rows.map((r) => r.class),
            ),
            ...put(
              "scoreOffset",
              first,
              lifted.map((d, j) => d - rows[j]!.base),
            ),
            expSum: (v) => v.with(ROW, sum),
          }),
        );
      }
    });

    test("with a larger maximum that changes no weight: the counts cannot hide that no score reaches it", async () => {
      const { program } = made.compiled;
      const { step } = scoreTable(program.scales);
      const visible = (r: number) => Array.from({ length: (r % POSITIONS) + 1 }, (_, j) => r * POSITIONS + j);
      const isMaximum = (k: number) => at("scoreBase", k) + at("scoreOffset", k) === 0;
      const rows = honest("scoreMax").map((_, r) => r);
      // every difference may grow by one within its step
      const r = rows.find((row) => row % POSITIONS > 0 && visible(row).every((k) => isMaximum(k) || at("scoreOffset", k) < step - 1))!;
      const cells = Array.from({ length: POSITIONS }, (_, j) => {
        const k = r * POSITIONS + j;
        const difference = at("scoreBase", k) + at("scoreOffset", k) + 1;
        return { difference, ...rowOf(difference, j <= r % POSITIONS) };
      });
      for (const k of visible(r)) expect(cells[k % POSITIONS]!.exp).toBe(at("scoreExp", k));
      const lifted: Changes = {
        scoreMax: (v) => v.with(r, v[r]! + 1),
        ...put(
          "scoreBase",
          r * POSITIONS,
          cells.map((c) => c.base),
        ),
        ...put(
          "scoreClass",
          r * POSITIONS,
          cells.map((c) => c.class),
        ),
        ...put(
          "scoreOffset",
          r * POSITIONS,
          cells.map((c) => c.difference - c.base),
        ),
      };
      expect(await outcome(lifted)).toBe("constraint/final");
      const counts = (maxima: number, tails: number): Changes => ({
        maxCount: (v) => v.with(r, maxima),
        tailCount: (v) => v.with(r, v[r]! + tails),
      });
      expect(await outcome({ ...lifted, ...counts(-1, 0) })).toBe("lookup/root");
      expect(await outcome({ ...lifted, ...counts(2 ** 10 - 1, -1) })).toBe("lookup/root");
    });

    test("with weight on a later position", async () => {
      const later = ROW * POSITIONS + 5;
      const difference = at("scoreBase", later) + at("scoreOffset", later);
      const shown = rowOf(Math.max(0, difference), true);
      for (const sum of [0, shown.exp])
        expect(REJECTED).toContain(
          await outcome({
            scoreExp: (v) => v.with(later, Math.max(1, shown.exp)),
            scoreClass: (v) => v.with(later, shown.class),
            scoreBase: (v) => v.with(later, shown.base),
            scoreOffset: (v) => v.with(later, difference - shown.base),
            expSum: (v) => v.with(ROW, v[ROW]! + sum),
          }),
        );
    });

    test("with a visible score hidden", async () => {
      const [k] = [ROW * POSITIONS + 1];
      const difference = at("scoreBase", k) + at("scoreOffset", k);
      const hidden = rowOf(difference, false);
      expect(REJECTED).toContain(
        await outcome({
          scoreExp: (v) => v.with(k, 0),
          scoreClass: (v) => v.with(k, hidden.class),
          scoreBase: (v) => v.with(k, hidden.base),
          scoreOffset: (v) => v.with(k, difference - hidden.base),
          expSum: (v) => v.with(ROW, v[ROW]! - at("scoreExp", k)),
        }),
      );
    });
  });
});
