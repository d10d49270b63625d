import { beforeAll, describe, expect, test } from "vitest";
import type { VerifyCode } from "../errors.ts";
import { inv, mul, P } from "../field/m31.ts";
import { type Changes, cheatingWitness } from "../testing/malicious.ts";
import { columnNamed, prove, type ToyCase, toyCase, wideCase, withoutWork } from "../testing/toy-proof.ts";
import { rejectionOf } from "../testing/walker.ts";

const SHIFT = 16;
let toy: ToyCase;
let wide: ToyCase;
/** All zeros: equal logits. */
let tie: ToyCase;
beforeAll(async () => {
  toy = await withoutWork(await toyCase());
  wide = await withoutWork(await wideCase());
  tie = await withoutWork(await toyCase(Int32Array.of(0, 0, 0, 0, 0)));
});

const honest = (made: ToyCase, name: string): number[] => [...made.witness.get(columnNamed(made, name))!];
const at = (index: number, change: (v: number) => number) => (values: number[]) => values.with(index, change(values[index]!));
const firstIndex = (values: readonly number[], test: (v: number) => boolean): number => {
  const index = values.findIndex(test);
  if (index < 0) throw new Error("the fixture has no such cell");
  return index;
};

async function outcome(made: ToyCase, changes: Changes, output = made.output): Promise<VerifyCode | null> {
  const witness = cheatingWitness(made, changes);
  return rejectionOf(made.key, await prove(made, { witness, output }));
}

/** Margins of a claimed output. */
const margins = (logits: readonly number[], output: number) => () => logits.map((v, l) => logits[output]! - v - (l < output ? 1 : 0));

test("the unchanged witness is accepted", async () => {
  for (const made of [toy, wide, tie]) expect(await outcome(made, {})).toBeNull();
  expect(new Set(honest(tie, "logits")).size).toBe(1);
});

describe("rounding", () => {
  test("a quotient that is off by one breaks its constraint", async () => {
    const j = firstIndex(honest(toy, "q"), (q) => q > 0);
    for (const step of [1, -1])
      expect(await outcome(toy, { q: at(j, (q) => q + step), y: at(j, (y) => y + step) })).toBe("constraint/final");
  });

  test("a remainder of another sign leaves its range", async () => {
    expect(
      await outcome(toy, {
        r: at(
          firstIndex(honest(toy, "r"), (r) => r > 0),
          (r) => -r,
        ),
      }),
    ).toBe("lookup/root");
  });

  test("a remainder that borrows from the quotient leaves its range", async () => {
    const j = firstIndex(honest(toy, "q"), (q) => q > 1);
    const changes = { q: at(j, (q) => q - 1), y: at(j, (y) => y - 1), r: at(j, (r) => r + SHIFT) };
    expect(await outcome(toy, changes)).toBe("lookup/root");
  });

  test("a quotient that solves the constraint modulo p only leaves its range", async () => {
    // 16 q + r = 16 q' + r + 1 mod p for q' = q - 1/16
    const j = firstIndex(honest(toy, "r"), (r) => r < SHIFT - 1);
    const quotient = (q: number) => (((q - inv(SHIFT)) % P) + P) % P;
    expect((mul(quotient(3), SHIFT) + 1) % P).toBe(3 * SHIFT);
    expect(await outcome(toy, { q: at(j, quotient), r: at(j, (r) => r + 1) })).toBe("lookup/root");
  });
});

describe("tables", () => {
  test("a relu that passes a negative value on has no row", async () => {
    const q = honest(toy, "q");
    const j = firstIndex(q, (v) => v < 0);
    expect(await outcome(toy, { y: at(j, () => -q[j]!) })).toBe("lookup/root");
    expect(await outcome(toy, { y: at(j, () => q[j]!) })).toBe("lookup/root");
  });

  test("a function table's other output has no row, nor has another table's row", async () => {
    expect(await outcome(wide, { g: at(2, (g) => g + 1) })).toBe("lookup/root");
    // (q, table2(q)) is a row of the second table, h = (7 s + 3) mod 16, not of the third
    const q = honest(wide, "q");
    const j = firstIndex(q, (v) => v < 16 && (7 * v + 3) % 16 !== (5 * v) % 16);
    expect(await outcome(wide, { y: at(j, () => (7 * q[j]! + 3) % 16) })).toBe("lookup/root");
  });

  test("a limb that is too large by what the next one lacks has no row", async () => {
    const upper = honest(toy, "logits bits 8..15");
    const l = firstIndex(upper, (v) => v > 0);
    const changes = { "logits bits 0..7": at(l, (v) => v + 256), "logits bits 8..15": at(l, (v) => v - 1) };
    expect(await outcome(toy, changes)).toBe("lookup/root");
  });

  test("a value that is in no look-up's table but counted in another one is rejected", async () => {
    expect(await outcome(toy, { r: at(0, () => 200) })).toBe("lookup/root");
  });

  test.each([
    ["one more", at(0, (m: number) => m + 1)],
    ["one moved to the next row", (m: number[]) => m.with(0, m[0]! + 1).with(1, m[1]! - 1)],
    ["none", (m: number[]) => m.map(() => 0)],
    ["twice as many", (m: number[]) => m.map((v) => 2 * v)],
    ["negated", (m: number[]) => m.map((v) => -v)],
  ])("multiplicities with %s are rejected, for every table", async (_, change) => {
    for (const made of [toy, wide])
      for (const table of made.key.system.tables) {
        const name = made.key.system.columns[table.multiplicity]!.name;
        expect(await outcome(made, { [name]: change }), name).toBe("lookup/root");
      }
  });
});

describe("the output", () => {
  test("cannot be another label than the arg max", async () => {
    const logits = honest(toy, "logits");
    for (const output of [0, 1, 2].filter((l) => l !== toy.output)) {
      const margin = margins(logits, output);
      // the limbs of a negative margin add up to 2^16 more
      expect(await outcome(toy, { margin }, output)).toBe("constraint/final");
      const low = (l: number[]) => margin().map((d, i) => (d < 0 ? d : l[i]!));
      const changes = {
        margin,
        "margin bits 0..7": low,
        "margin bits 8..15": (l: number[]) => l.map((v, i) => (margin()[i]! < 0 ? 0 : v)),
      };
      expect(await outcome(toy, changes, output)).not.toBeNull();
    }
  });

  test("is the lowest index among equal logits", async () => {
    expect(tie.output).toBe(0);
    for (const output of [1, 2])
      expect(await outcome(tie, { margin: margins(honest(tie, "logits"), output) }, output)).toBe("constraint/final");
  });

  test("cannot be reached over larger logits or margins that fit", async () => {
    const output = (toy.output + 1) % 3;
    const logits = honest(toy, "logits").with(output, Math.max(...honest(toy, "logits")) + 5);
    expect(await outcome(toy, { logits: () => logits, margin: margins(logits, output) }, output)).toBe("constraint/final");
    expect(await outcome(toy, { margin: (m) => m.map(() => 0) }, output)).toBe("constraint/final");
  });

  test("is held to the statement's, not to the witness's", async () => {
    expect(await outcome(toy, {}, (toy.output + 1) % 3)).toBe("constraint/final");
  });
});

describe("the wide toy's layers", () => {
  const cells = 3;
  const swapLayers = (values: number[]) => [...values.slice(0, cells), ...values.slice(2 * cells), ...values.slice(cells, 2 * cells)];

  test("cannot be taken in another order", async () => {
    const changes = { s: swapLayers, h: swapLayers, q: swapLayers, y: swapLayers, r: swapLayers };
    expect(honest(wide, "s")).not.toEqual(swapLayers(honest(wide, "s")));
    expect(await outcome(wide, changes)).toBe("constraint/final");
  });

  test.each(["scaled", "last", "margin", "r", "q", "h", "s", "g", "conv"])("cannot have another value of %s", async (name) => {
    const values = honest(wide, name);
    for (const j of [0, values.length - 1]) {
      const code = await outcome(wide, { [name]: at(j, (v) => (v > 0 ? v - 1 : v + 1)) });
      expect(["constraint/final", "lookup/root"]).toContain(code);
    }
  });
});
