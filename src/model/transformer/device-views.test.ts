/** Roots and reciprocals of a state on a device are the host's, up to the largest weighted sums that a system can have, on every backend. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { toWords } from "../../backend/columns.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { referenceBackend } from "../../backend/reference/index.ts";
import { webgpuBackend } from "../../backend/webgpu/index.ts";
import { ModelError } from "../../errors.ts";
import { FEW_BITS, SMALL, smallProgram } from "../../testing/decoder.ts";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { passExpressions } from "./device-expressions.ts";
import { type DeviceTransformer, sumViews } from "./device-views.ts";
import { normalizeSite } from "./integer-norm.ts";
import { emptyRun } from "./integer-run.ts";
import { roots, sumCells } from "./norm-expressions.ts";
import { LOW_BITS, reciprocalBits, rootHighBits, type TransformerProgram } from "./program.ts";

const program = smallProgram({ ...SMALL, layers: 1 });

/** Scales alone decide what a norm computes. */
function normsOf(channelShifts: readonly number[], residualBits: number): TransformerProgram {
  const isWeighted = channelShifts.some((k) => k > 0);
  return {
    ...program,
    config: { ...program.config, width: channelShifts.length },
    epsilons: program.epsilons.map((_, __, all) => all[0]!),
    scales: { ...program.scales, residualBits, channelShifts, rootShift: FEW_BITS.rootShift },
    ...(isWeighted && { channelSquares: Int32Array.from(channelShifts, (k) => 4 ** k) }),
  };
}

/** About the most weights and bits that a system can have. */
const CASES: readonly (readonly [string, TransformerProgram])[] = [
  ["16 channels of the weights 1 to 1024", normsOf([5, 4, 4, 4, 3, 2, 1, ...new Array<number>(9).fill(0)], 19)],
  ["8 channels, 7 of the weight 256", normsOf([0, 4, 4, 4, 4, 4, 4, 4], 19)],
  ["2040 channels of the weight 1", normsOf(new Array<number>(2040).fill(0), 19)],
  ["256 channels of 21 bits", normsOf(new Array<number>(256).fill(0), 21)],
  ["128 channels of 22 bits", normsOf(new Array<number>(128).fill(0), 22)],
];

function describeRoots(label: string, start: () => Promise<Backend>): void {
  describe(`the norm of a state on ${label}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.close());

    it.each(CASES)("is the host's for %s", async (_, of) => {
      const { width } = of.config;
      const most = 2 ** (of.scales.residualBits - 1 - LOW_BITS);
      const low = 2 ** LOW_BITS - 1;
      const scattered = (c: number): number => (c * 7919 + 13) % (2 * most);
      const states: readonly ((c: number) => readonly [number, number])[] = [
        () => [most - 1, low],
        (c) => [c === 0 ? 1 - most : -most, low],
        (c) => [c % 2 === 0 ? most - 1 : -most, low],
        () => [0, low],
        (c) => [0, c === 0 ? 1 : 0],
        (c) => [scattered(c) - most, scattered(3 * c) % (low + 1)],
      ];
      const run = emptyRun(of, states.length);
      const limbs = [0, 1].flatMap((k) => states.flatMap((state) => Array.from({ length: width }, (__, c) => state(c)[k]!)));
      const cells = states.length * width;
      run.trace.stateHigh.set(limbs.slice(0, cells));
      run.trace.stateLow.set(limbs.slice(cells));
      const refused = states.map((__, i) => {
        try {
          normalizeSite(run, 0, i);
          return false;
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
          return true;
        }
      });

      const session = backend.open();
      const weights = session.upload(toWords(of.channelSquares ?? new Int32Array(1)), 1);
      const model: DeviceTransformer<typeof weights> = {
        device: session,
        program: of,
        sizes: run.sizes,
        present: null,
        scores: run.tables.scores,
        weight: () => weights,
        activation: [],
        expressions: passExpressions(of, run.tables.scores),
      };
      const state = session.upload(toWords(Int32Array.from(limbs)), 1);
      const views = sumViews(model, session, state, { rows: states.length, site: 0, loops: 1 });
      const made = roots(of, sumCells(of, 0));
      const names = Object.keys(made) as (keyof typeof made)[];
      const columns = session.map(
        [states.length],
        views,
        [],
        names.map((name) => made[name]),
      );
      const values = new Map<string, Uint32Array>();
      for (const [k, name] of names.entries()) {
        const words = await session.read(columns[k]!);
        const expected = toWords(run.trace[name].slice(0, states.length));
        values.set(name, words);
        expect([...words].filter((__, i) => !refused[i])).toEqual([...expected].filter((__, i) => !refused[i]));
      }
      const isOutside = (name: keyof typeof made, bits: number, i: number): boolean => values.get(name)![i]! >= 2 ** bits;
      const { config, scales } = of;
      for (const [i, isRefused] of refused.entries())
        expect(
          isOutside("rootRestHigh", rootHighBits(config, scales) + 1, i) || isOutside("reciprocal", reciprocalBits(config, scales), i),
        ).toBe(isRefused);
      session.end();
    });
  });
}

describeRoots("the reference", async () => referenceBackend());
describeRoots("the CPU backend", () => cpuBackend({ threads: 1 }));
await describeWithGpu("the norm of a state on WebGPU", () => {
  describeRoots("WebGPU", () => webgpuBackend({ robustness: true }));
});
