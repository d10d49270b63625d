/**
 * Witnesses whose values are other limbs of the same integers, or other integers whose rests and limbs make up for it in every constraint: only the ranges of limbs,
 * the rows of tables and the signs of rests are left to refuse them.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { embeddingBytes } from "../../statement/embedding.ts";
import { ARCHITECTURES, FEW_BITS, SMALL, smallProgram } from "../../testing/decoder.ts";
import { decoderCase } from "../../testing/decoder-proof.ts";
import { type EncoderCase, encoderCase } from "../../testing/encoder-proof.ts";
import { type Changes, cheatingWitness } from "../../testing/malicious.ts";
import { columnNamed, prove, type ToyCase, withoutWork } from "../../testing/toy-proof.ts";
import { rejectionOf } from "../../testing/walker.ts";
import { FEED_LOW_BITS, feedLimbs, mixedBits, type SquareBits, type TransformerProgram } from "./program.ts";

const PROMPT = [1, 8, 15];
const POSITIONS = 6;
/** A rest out of its range is refused by its table, or, where it is long, by the constraint of its limbs. */
const OUT_OF_RANGE = ["lookup/root", "constraint/final"];
const FEED = 2 ** FEED_LOW_BITS;

let backend: Backend;
beforeAll(async () => {
  backend = await cpuBackend();
});
afterAll(() => backend.close());

const outcome = async (made: ToyCase, changes: Changes, input = made.input) =>
  rejectionOf(made.key, await prove(made, { witness: cheatingWitness(made, changes), input, backend }));
const valuesOf = (made: ToyCase, name: string): number[] => [...made.witness.get(columnNamed(made, name))!];
const put = (values: Readonly<Record<string, readonly number[]>>): Changes =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, () => [...list]]));

/** The sums of squares of limbs, whatever they are: the quotients rounded down. */
function squaresOf(name: "mixed" | "feed", bits: SquareBits, high: readonly number[], low: readonly number[]): Record<string, number[]> {
  const rows = SMALL.layers * POSITIONS;
  const count = high.length / rows;
  const out: Record<string, number[]> = { Square: [], SquareMiddle: [], SquareMiddleRest: [], SquareLow: [], SquareLowRest: [] };
  for (let row = 0; row < rows; row++) {
    const sum = (f: (h: number, l: number) => number) =>
      Array.from({ length: count }, (_, k) => f(high[row * count + k]!, low[row * count + k]!)).reduce((a, b) => a + b, 0);
    const [hh, hl, ll] = [sum((h) => h * h), sum((h, l) => h * l), sum((_, l) => l * l)];
    const carry = Math.floor(ll / 2 ** (bits.low + 1));
    const middle = Math.floor((hl + carry) / 2 ** (bits.low - 1));
    out.SquareLow!.push(carry);
    out.SquareLowRest!.push(ll - carry * 2 ** (bits.low + 1));
    out.SquareMiddle!.push(middle);
    out.SquareMiddleRest!.push(hl + carry - middle * 2 ** (bits.low - 1));
    out.Square!.push(hh + middle);
  }
  return Object.fromEntries(Object.entries(out).map(([key, list]) => [`${name}${key}`, list]));
}

describe.each(["llama", "gpt2", "bert"])("%s", (architecture) => {
  const { config, biases } = ARCHITECTURES[architecture] ?? { config: SMALL, biases: false };
  const program: TransformerProgram = smallProgram(config, FEW_BITS, biases);
  const limbsOf = { mixed: mixedBits(program.scales), feed: feedLimbs(program.scales) } as const;
  let made: ToyCase;
  beforeAll(async () => {
    const isEncoder = config.output === "mean";
    made = await withoutWork(
      isEncoder ? await encoderCase(backend, program, PROMPT, POSITIONS) : await decoderCase(backend, PROMPT, 3, POSITIONS, program),
    );
  });

  test.each(["mixed", "feed"] as const)("the sums of squares of %s are those of an honest run", async (name) => {
    const [high, low] = [valuesOf(made, `${name}High`), valuesOf(made, `${name}Low`)];
    expect(await outcome(made, put(squaresOf(name, limbsOf[name], high, low)))).toBeNull();
  });

  test.each(["mixed", "feed"] as const)("other limbs of the same %s are rejected", async (name) => {
    const bits = limbsOf[name];
    const [high, low] = [valuesOf(made, `${name}High`), valuesOf(made, `${name}Low`)];
    for (const k of [0, high.length - 1])
      for (const by of [1, -1]) {
        const [highs, lows] = [high.with(k, high[k]! + by), low.with(k, low[k]! - by * 2 ** bits.low)];
        const changes: Changes = { ...put({ [`${name}High`]: highs, [`${name}Low`]: lows }), ...put(squaresOf(name, bits, highs, lows)) };
        if (name === "mixed") {
          // the mean's carry takes what its high limb has more
          const shape = [SMALL.layers, POSITIONS, config.heads, config.headWidth];
          const at = (d: number) => Math.floor(k / shape.slice(d + 1).reduce((n, s) => n * s, 1)) % shape[d]!;
          const z = valuesOf(made, "expSum")[(at(0) * config.heads + at(2)) * POSITIONS + at(1)]!;
          const carry = 2048 * valuesOf(made, "mixedCarryHigh")[k]! + valuesOf(made, "mixedCarryLow")[k]! - by * z;
          const replaced: Changes = {
            mixedCarryHigh: (v) => v.with(k, Math.floor(carry / 2048)),
            mixedCarryLow: (v) => v.with(k, ((carry % 2048) + 2048) % 2048),
          };
          expect(await outcome(made, { ...changes, ...replaced })).toBe("lookup/root");
        } else expect(await outcome(made, changes)).toBe("lookup/root");
      }
  });

  test.each(["mixed", "feed"] as const)("another sum of squares of %s is rejected, though its parts make up for it", async (name) => {
    const { low } = limbsOf[name];
    for (const by of [1, -1]) {
      const step =
        (amount: number) =>
        (v: number[]): number[] =>
          v.with(3, v[3]! + amount);
      const middle: Changes = {
        [`${name}Square`]: step(by),
        [`${name}SquareMiddle`]: step(by),
        [`${name}SquareMiddleRest`]: step(-by * 2 ** (low - 1)),
      };
      const lowest: Changes = {
        [`${name}SquareLow`]: step(by),
        [`${name}SquareLowRest`]: step(-by * 2 ** (low + 1)),
        [`${name}SquareMiddleRest`]: step(by),
      };
      expect(await outcome(made, middle)).toBe("lookup/root");
      // a middle rest that leaves its range is refused too
      expect(await outcome(made, lowest)).toBe("lookup/root");
    }
  });

  test.runIf(!config.gated)("rows of the activation's table are not mixed", async () => {
    const [gate, high, low] = ["gate", "feedHigh", "feedLow"].map((name) => valuesOf(made, name)) as [number[], number[], number[]];
    const rest = valuesOf(made, "gateRest");
    const unit = 2 ** program.gate.shift;
    const feed = (k: number) => FEED * high[k]! + low[k]!;
    const k = 5;
    const other = gate.findIndex((g, j) => g !== gate[k] && feed(j) !== feed(k) && high[j] !== high[k] && low[j] !== low[k]);
    expect(other).toBeGreaterThanOrEqual(0);
    const told = (highs: number[], lows: number[], more: Changes = {}) =>
      outcome(made, { ...put({ feedHigh: highs, feedLow: lows }), ...put(squaresOf("feed", limbsOf.feed, highs, lows)), ...more });
    // another gate's row, without and with the gate: then its rest is no rest
    for (const [highs, lows] of [
      [high.with(k, high[other]!), low.with(k, low[other]!)],
      [high.with(k, high[other]!), low],
      [high, low.with(k, low[other]!)],
    ] as const)
      expect(await told(highs, lows)).toBe("lookup/root");
    const by = gate[other]! - gate[k]!;
    const moved: Changes = { gate: (v) => v.with(k, gate[other]!), gateRest: () => rest.with(k, rest[k]! - by * unit) };
    expect(await told(high.with(k, high[other]!), low.with(k, low[other]!), moved)).toBeOneOf(OUT_OF_RANGE);
    // a gate past the table's last row
    const past: Changes = {
      gate: (v) => v.with(k, program.scales.gateHigh + 1),
      gateRest: () => rest.with(k, rest[k]! - (program.scales.gateHigh + 1 - gate[k]!) * unit),
    };
    expect(await told(high, low, past)).toBeOneOf(OUT_OF_RANGE);
  });
});

describe("an encoder's embedding", () => {
  const { config, biases } = ARCHITECTURES.bert!;
  const program = smallProgram(config, FEW_BITS, biases);
  let made: EncoderCase;
  beforeAll(async () => {
    const full = await encoderCase(backend, program, PROMPT, POSITIONS);
    made = { ...full, ...(await withoutWork(full)) };
  });

  test("is rejected with another cell, with a final value that makes up for it, and with a rest that makes up for that", async () => {
    const { tokens, cells } = made.statement;
    const unit = 2 ** program.final!.shift;
    for (const by of [1, -1]) {
      const input = embeddingBytes({ tokens, cells: cells.with(2, cells[2]! + by) });
      const at = SMALL.width + 2; // at position 1
      const final: Changes = { final: (v) => v.with(at, v[at]! + by) };
      const rest: Changes = { finalRest: (v) => v.with(at, v[at]! - by * unit) };
      expect(await outcome(made, {}, input)).toBe("constraint/final");
      expect(await outcome(made, final, input)).toBe("constraint/final");
      expect(await outcome(made, { ...final, ...rest }, input)).toBeOneOf(OUT_OF_RANGE);
    }
  });

  test("is rejected where a position that is left over makes up for it", async () => {
    const { tokens, cells } = made.statement;
    const input = embeddingBytes({ tokens, cells: cells.with(2, cells[2]! + 1) });
    const at = PROMPT.length * SMALL.width + 2;
    const unit = 2 ** program.final!.shift;
    const changes: Changes = { final: (v) => v.with(at, v[at]! + 1), finalRest: (v) => v.with(at, v[at]! - unit) };
    expect(await outcome(made, changes, input)).not.toBeNull();
  });

  test("is rejected with other marks of what is present, which are no part of a witness", async () => {
    const all: Changes = { present: (v) => v.map(() => 1) };
    expect(await outcome(made, all)).toBeNull(); // the prover's column is not asked for
    const { tokens, cells } = made.statement;
    const sums = Int32Array.from({ length: SMALL.width }, (_, c) =>
      Array.from({ length: POSITIONS }, (__, i) => valuesOf(made, "final")[i * SMALL.width + c]!).reduce((a, b) => a + b),
    );
    expect(sums).not.toEqual(cells);
    expect(await outcome(made, all, embeddingBytes({ tokens, cells: sums }))).toBe("constraint/final");
  });
});
