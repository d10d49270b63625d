/** Statements that are not true, or not what was proven: other tokens, equal logits, other prompts, lengths and cuts (SPEC §12.1, §12.7). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import type { VerifyCode } from "../../errors.ts";
import { tokenBytes } from "../../statement/tokens.ts";
import { SMALL } from "../../testing/decoder.ts";
import { type DecoderCase, decoderCase } from "../../testing/decoder-proof.ts";
import { type Changes, cheatingWitness } from "../../testing/malicious.ts";
import { columnNamed, prove, type ToyCase, withoutWork } from "../../testing/toy-proof.ts";
import { rejectionOf } from "../../testing/walker.ts";
import { MARGIN_BITS } from "./integer.ts";
import { LOGIT_BITS } from "./program.ts";

const PROMPT = [1, 8, 15];
const COUNT = 3;
const POSITIONS = 6;

let backend: Backend;
let made: DecoderCase;
beforeAll(async () => {
  backend = await cpuBackend();
  const full = await decoderCase(backend, PROMPT, COUNT, POSITIONS);
  made = { ...full, ...(await withoutWork(full)) };
});
afterAll(() => backend.close());

/** The code by which a cheating proof of a case is rejected, null if it is accepted. */
async function outcome(of: ToyCase, changes: Changes, deviation: { input?: Uint8Array; output?: number }): Promise<VerifyCode | null> {
  return rejectionOf(of.key, await prove(of, { witness: cheatingWitness(of, changes), backend, ...deviation }));
}
const REJECTED: readonly (VerifyCode | null)[] = ["constraint/final", "lookup/root"];

/** The margins of a claim that the last token is another one, under a maximum of its logit less `lift`, with limbs as they come. */
function claiming(of: ToyCase, wrong: number, lift?: number): { readonly changes: Changes; readonly lift: number } {
  const values = (name: string) => of.witness.get(columnNamed(of, name))!;
  const [high, low, next] = [values("marginHigh"), values("marginLow"), values("next")];
  const position = PROMPT.length + COUNT - 2;
  const first = position * SMALL.vocabulary;
  const half = 2 ** (LOGIT_BITS - MARGIN_BITS);
  const unit = 2 ** MARGIN_BITS;
  const margins = Array.from(
    { length: SMALL.vocabulary },
    (_, v) => (high[first + v]! + half) * unit + low[first + v]! + (v < next[position]! ? 1 : 0),
  );
  const down = lift ?? margins[wrong]!;
  const claimed = margins.map((margin, v) => margin - down - (v < wrong ? 1 : 0));
  const put = (cell: (margin: number) => number) => (v: number[]) =>
    v.map((x, k) => (k - first in claimed ? cell(claimed[k - first]!) : x));
  const { system, limbs } = of.toy.built;
  // the uppermost limb takes what a negative margin has too little
  const upper = limbs.filter((limb) => limb.of === columnNamed(of, "marginHigh")).at(-1)!;
  const changes: Changes = {
    logitMax: (v) => v.map((x, i) => (i === position ? x - down : x)),
    marginHigh: put((margin) => Math.floor(margin / unit) - half),
    marginLow: put((margin) => margin - unit * Math.floor(margin / unit)),
    [system.columns[upper.column]!.name]: put((margin) => Math.floor(margin / unit / 2 ** upper.shift)),
  };
  return { changes, lift: down };
}

describe("a cheating prover is rejected", () => {
  test("with another token than the arg max", async () => {
    const { prompt, generated } = made.statement;
    const wrong = (generated.at(-1)! + 1) % SMALL.vocabulary;
    const input = tokenBytes({ prompt, generated: generated.with(-1, wrong) });
    expect(REJECTED).toContain(await outcome(made, {}, { input }));
    // with the logits' maximum moved to it: all margins fit, those of larger logits are negative
    const { changes, lift } = claiming(made, wrong);
    expect(lift).toBeGreaterThan(0);
    expect(await outcome(made, changes, { input })).toBe("lookup/root");
  });

  test("with the second of two tokens of equal logits", async () => {
    const { prompt, generated } = made.statement;
    const first = generated.at(-1)!;
    const second = first + 1;
    const { program } = made.compiled;
    const { width } = SMALL;
    const head = program.head.slice();
    head.copyWithin(second * width, first * width, (first + 1) * width);
    const tied = await withoutWork(await decoderCase(backend, PROMPT, COUNT, POSITIONS, { ...program, head }));
    expect(tied.output).toBe(COUNT);
    expect(tied.input).toEqual(made.input);
    const input = tokenBytes({ prompt, generated: generated.with(-1, second) });
    // either a margin is -1, or the second one's is not 0
    const { changes, lift } = claiming(tied, second);
    expect(lift).toBe(0);
    expect(await outcome(tied, changes, { input })).toBe("lookup/root");
    expect(await outcome(tied, claiming(tied, second, -1).changes, { input })).toBe("constraint/final");
  });

  test("with the proof of another prompt, or another cut between prompt and output", async () => {
    const { prompt, generated } = made.statement;
    const other = tokenBytes({ prompt: prompt.with(1, 9), generated });
    expect(REJECTED).toContain(await outcome(made, {}, { input: other }));
    expect(REJECTED).toContain(await outcome(made, {}, { output: COUNT + 1 }));
    // fewer generated tokens claim less: true, but only with the margins of that statement
    expect(REJECTED).toContain(await outcome(made, {}, { output: COUNT - 1 }));
  });

  test("with what a statement cannot hold", async () => {
    const proof = await prove(made, { backend });
    const shown = (change: (words: DataView) => void): string | null => {
      const bytes = proof.slice();
      change(new DataView(bytes.buffer));
      return rejectionOf(made.key, bytes);
    };
    for (const count of [0, 6, 7, 2 ** 31]) expect(shown((w) => w.setUint32(44, count, true))).toBe("statement/input");
    expect(shown((w) => w.setUint32(52, SMALL.vocabulary, true))).toBe("statement/input");
    expect(shown((w) => w.setUint32(48, 4, true))).toBe("statement/input");
  });
});
