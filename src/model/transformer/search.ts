/**
 * The choice of bits by measured error: one number of bits after the other is changed, and a change is kept where the integer model's outputs come closer to the
 * float model's.
 */
import { ModelError } from "../../errors.ts";
import { bitsFor, type DecoderBits, scalesOf } from "./calibrate.ts";
import { FloatTransformer } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import type { Transformer } from "./model.ts";
import { observe } from "./observed.ts";
import type { TransformerProgram, TransformerScales } from "./program.ts";
import { quantizeTransformer } from "./quantize.ts";

export interface Found {
  readonly scales: TransformerScales;
  /** Root of the mean square of the outputs' differences, in units of the float outputs' own deviation. */
  readonly error: number;
  /** How many choices were measured. */
  readonly tried: number;
}

/** What is tried, one after the other; values and what down reads have even bits. */
const STEPS: readonly (readonly [keyof DecoderBits, number])[] = [
  ["feed", -2],
  ["feed", 2],
  ["value", -2],
  ["value", 2],
  ["normExponent", -1],
  ["normExponent", 1],
  ["gate", -1],
  ["up", 1],
  ["residual", 1],
  ["expExponent", 1],
  ["exp", 1],
];

/** Tokens of each text that a choice is measured on. */
const MEASURED = 48;

/**
 * The best scales found from the usual bits on.
 * @param tick told after every choice that was measured
 * @param most choices: with 1 the usual bits are measured and kept @throws ModelError if the usual bits do not fit the model
 */
export async function searchScales(
  model: Transformer,
  name: string,
  texts: readonly (readonly number[])[],
  tick: (tried: number, error: number) => Promise<void> = async () => undefined,
  most = Number.POSITIVE_INFINITY,
): Promise<Found> {
  const seen = observe(model, texts);
  const measured = texts.map((text) => text.slice(0, MEASURED));
  const wanted = measured.map((text) => new FloatTransformer(model).read(text));
  const errorOf = (program: TransformerProgram): number => differenceOf(program, measured, wanted);
  const scalesFor = (bits: DecoderBits) => scalesOf(model.config, seen, bits);
  const usual = bitsFor(model.config);
  let scales = scalesFor(usual);
  // the exponent of normalised values is a choice of its own from here on
  let bits: DecoderBits = { ...usual, normExponent: scales.normExponent };
  let error = errorOf(quantizeTransformer(model, scales, name));
  let tried = 1;
  await tick(tried, error);
  for (const [what, step] of STEPS) {
    if (tried >= most) break;
    const changed = { ...bits, [what]: (bits[what] ?? 0) + step };
    const made = attempt(() => {
      const found = scalesFor(changed);
      return { scales: found, error: errorOf(quantizeTransformer(model, found, name)) };
    });
    tried++;
    if (made !== null && made.error < error) {
      bits = changed;
      ({ scales, error } = made);
    }
    await tick(tried, error);
  }
  return { scales, error, tried };
}

/** Null where the bits do not fit the model. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}

function differenceOf(
  program: TransformerProgram,
  texts: readonly (readonly number[])[],
  wanted: readonly (readonly Float64Array[])[],
): number {
  const scale = 2 ** -(program.final?.exponent ?? program.headExponent);
  let [squares, deviation] = [0, 0];
  texts.forEach((text, t) => {
    const rows = new IntegerTransformer(program, text.length).read(text);
    rows.forEach((row, i) => {
      const floats = wanted[t]![i]!;
      const mean = floats.reduce((sum, v) => sum + v / floats.length, 0);
      floats.forEach((v, c) => {
        squares += (row[c]! * scale - v) ** 2;
        deviation += (v - mean) ** 2;
      });
    });
  });
  return Math.sqrt(squares / deviation);
}
