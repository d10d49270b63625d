/** What the parts of an integer run share: the program, its sizes and tables, the trace, and the arithmetic of sums and roundings. */
import { ModelError } from "../../errors.ts";
import { emptyTrace, type Sizes, sizesOf, type Trace } from "./layout.ts";
import { type HeadNorm, type IntegerMatrix, ROTATION_BITS, type TransformerProgram } from "./program.ts";
import { MAX_POSITIONS, type ScoreTable, scoreTable } from "./scores.ts";
import { activationTable, rotationTable } from "./tables.ts";

/** What a transformer looks up. */
export interface TransformerTables {
  /** cos and sin of (position, pair), empty where positions are learned. */
  readonly rotation: Int32Array;
  readonly activation: Int32Array;
  readonly scores: ScoreTable;
}

/** The tables for some positions: they take longer to make than a transformer takes for a few steps. */
export function transformerTables({ config, scales }: TransformerProgram, positions: number): TransformerTables {
  return { rotation: rotationTable(config, positions), activation: activationTable(config, scales), scores: scoreTable(scales) };
}

/** @throws ModelError if a transformer cannot take so many positions: counts of score classes need MAX_POSITIONS, the model was made for its context */
export function checkPositions({ name, config }: TransformerProgram, positions: number): void {
  const most = Math.min(MAX_POSITIONS, config.context);
  if (!Number.isInteger(positions) || positions < 1 || positions > most)
    throw new ModelError(`${name} cannot take ${positions} positions, it can take 1 to ${most}`);
}

export interface IntegerRun {
  readonly program: TransformerProgram;
  readonly sizes: Sizes;
  readonly trace: Trace;
  readonly tables: TransformerTables;
}

/** A run of at most `positions` positions. @throws ModelError if they are too many */
export function emptyRun(program: TransformerProgram, positions: number, tables?: TransformerTables): IntegerRun {
  checkPositions(program, positions);
  const sizes = sizesOf(program.config, positions);
  return { program, sizes, trace: emptyTrace(program.config, sizes), tables: tables ?? transformerTables(program, positions) };
}

/** @throws ModelError if a value does not fit signed bits */
export function inBits({ program }: Pick<IntegerRun, "program">, v: number, bits: number, what: string, position: number): number {
  if (v < -(2 ** (bits - 1)) || v >= 2 ** (bits - 1))
    throw new ModelError(`${program.name} reaches ${v} for ${what}, outside ${bits} bits, at position ${position}`);
  return v;
}

/** W x + b for one layer; accumulators stay below 2^30. Four rows at once: they share what is read of x. */
export function multiply({ outputs, inputs, weight, bias }: IntegerMatrix, layer: number, x: Int32Array): Int32Array {
  const out = bias ? bias.slice(layer * outputs, (layer + 1) * outputs) : new Int32Array(outputs);
  const first = layer * outputs * inputs;
  const even = outputs - (outputs % 4);
  for (let o = 0; o < even; o += 4) {
    const row0 = first + o * inputs;
    const [row1, row2, row3] = [row0 + inputs, row0 + 2 * inputs, row0 + 3 * inputs];
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let k = 0; k < inputs; k++) {
      const v = x[k]!;
      sum0 = (sum0 + Math.imul(weight[row0 + k]!, v)) | 0;
      sum1 = (sum1 + Math.imul(weight[row1 + k]!, v)) | 0;
      sum2 = (sum2 + Math.imul(weight[row2 + k]!, v)) | 0;
      sum3 = (sum3 + Math.imul(weight[row3 + k]!, v)) | 0;
    }
    out[o] = out[o]! + sum0;
    out[o + 1] = out[o + 1]! + sum1;
    out[o + 2] = out[o + 2]! + sum2;
    out[o + 3] = out[o + 3]! + sum3;
  }
  for (let o = even; o < outputs; o++) {
    const row = first + o * inputs;
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum = (sum + Math.imul(weight[row + k]!, x[k]!)) | 0;
    out[o] = out[o]! + sum;
  }
  return out;
}

/** floor((a + 2^(s-1)) / 2^s); what is lost goes to `rest`, from index `at` on. */
export function round(accumulators: Int32Array, shift: number, rest: Int32Array, at: number): Int32Array {
  const [half, mask] = [2 ** (shift - 1), 2 ** shift - 1];
  const out = new Int32Array(accumulators.length);
  for (let k = 0; k < out.length; k++) {
    const sum = (accumulators[k]! + half) | 0;
    rest[at + k] = sum & mask;
    out[k] = sum >> shift;
  }
  return out;
}

/**
 * [[cos, -sin], [sin, cos]] for every (position, pair), from (cos, sin): [positions, pairs, 2, 2]. With the norm of heads, whose gains [layers, headWidth] are part
 * of the turn: [layers, positions, pairs, 2, 2], each round(turn gain / 2^14).
 */
export function turnsOf(rotation: Int32Array, norm?: HeadNorm, headWidth = 0): Int32Array {
  const plain = Int32Array.from({ length: 2 * rotation.length }, (_, k) => {
    const at = 2 * Math.floor(k / 4);
    const [cos, sin] = [rotation[at] ?? 0, rotation[at + 1] ?? 0];
    return [cos, -sin, sin, cos][k % 4] ?? 0;
  });
  if (!norm) return plain;
  const out = new Int32Array((norm.gain.length / headWidth) * plain.length);
  for (let k = 0; k < out.length; k++) {
    const [l, at] = [Math.floor(k / plain.length), k % plain.length];
    const channel = 2 * (Math.floor(at / 4) % (headWidth / 2)) + (at % 2);
    out[k] = Math.floor((plain[at]! * norm.gain[l * headWidth + channel]!) / 2 ** ROTATION_BITS + 0.5);
  }
  return out;
}
