/**
 * The integer transformer: the exact definition that proofs are about. A decoder reads one token after the other, with a cache of keys and values, or many at once:
 * either way every value is the same. An encoder reads a whole text. Every value that a proof commits to is written to the trace.
 *
 * A value that leaves its bits is never cut: reading throws.
 */
import { InternalError, ModelError } from "../../errors.ts";
import { IntegerAttention } from "./integer-attention.ts";
import { normalizeSite } from "./integer-norm.ts";
import { emptyRun, type IntegerRun, inBits, round, type TransformerTables } from "./integer-run.ts";
import { setSquare } from "./integer-square.ts";
import type { Sizes, Trace } from "./layout.ts";
import {
  FEED_LOW_BITS,
  FINAL_BITS,
  feedLimbs,
  type IntegerMatrix,
  LOGIT_BITS,
  LOW_BITS,
  type Skip,
  type TransformerProgram,
} from "./program.ts";

/** Low limbs of the margins of the arg max. */
export const MARGIN_BITS = 14;

const LOW = 2 ** LOW_BITS;

export class IntegerTransformer {
  readonly #run: IntegerRun;
  readonly #attention: IntegerAttention;
  #position = 0;
  /** Positions that an encoder sees. */
  #present = 0;

  /** @param positions the most tokens that will be read. @throws ModelError if they are too many */
  constructor(program: TransformerProgram, positions: number, tables?: TransformerTables) {
    this.#run = emptyRun(program, positions, tables);
    this.#attention = new IntegerAttention(this.#run);
  }

  get program(): TransformerProgram {
    return this.#run.program;
  }

  get sizes(): Sizes {
    return this.#run.sizes;
  }

  get trace(): Trace {
    return this.#run.trace;
  }

  /** Tokens read so far. */
  get position(): number {
    return this.#position;
  }

  /** The logits after one more token. @throws RangeError for a token that does not exist @throws ModelError if a value leaves its bits */
  step(token: number): Int32Array {
    return this.read([token])[0]!;
  }

  /**
   * After every token the logits, an encoder's final values, or the state that a segment ends with. An encoder reads once, and sees the first `present` tokens.
   * @throws RangeError for a token that does not exist @throws ModelError if a value leaves its bits
   */
  read(tokens: readonly number[], present = tokens.length): Int32Array[] {
    const { program, sizes } = this.#run;
    const { width, vocabulary } = sizes;
    const first = this.#position;
    for (const token of tokens)
      if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) throw new RangeError(`There is no token ${token}`);
    this.#checkRoom(tokens.length, true);
    tokens.forEach((token, k) => {
      const row = program.embedding.subarray(token * width, (token + 1) * width);
      const added = program.positionEmbedding?.subarray((first + k) * width, (first + k + 1) * width);
      this.#setState(0, first + k, added ? row.map((v, c) => v + added[c]!) : row);
    });
    return this.#readOn(tokens.length, present);
  }

  /** The same for a segment that is not the first: after the states [width] that the one before it ended with. @throws ModelError if a value leaves its bits */
  readStates(states: readonly Int32Array[], present = states.length): Int32Array[] {
    this.#checkRoom(states.length, false);
    states.forEach((state, k) => {
      this.#setState(0, this.#position + k, state);
    });
    return this.#readOn(states.length, present);
  }

  #checkRoom(count: number, isFirst: boolean): void {
    const { program, sizes } = this.#run;
    const part = program.config.part ?? { first: true, last: true };
    if (part.first !== isFirst) throw new InternalError(`${program.name} reads ${part.first ? "tokens" : "states"}`);
    if (this.#position + count > sizes.positions) throw new RangeError(`${program.name} was opened for ${sizes.positions} positions`);
  }

  /** What all layers make of the states at `count` more positions. */
  #readOn(count: number, present: number): Int32Array[] {
    const { program, sizes } = this.#run;
    const { width, vocabulary } = sizes;
    const first = this.#position;
    this.#position += count;
    this.#present = present;
    this.#layers(first);
    const y = this.#normed(2 * sizes.layers, first);
    if (program.config.part?.last === false) return rowsOf(y, width).map((_, k) => this.#state(2 * sizes.layers, first + k));
    if (program.final) return rowsOf(y, width).map((row, k) => this.#final(first + k, row));
    return rowsOf(this.#run.multiplier.times(this.#run.head, 0, y), vocabulary);
  }

  /** The state at a site and position. */
  #state(site: number, i: number): Int32Array {
    const { trace, sizes } = this.#run;
    const at = (site * sizes.positions + i) * sizes.width;
    return Int32Array.from({ length: sizes.width }, (_, c) => trace.stateHigh[at + c]! * LOW + trace.stateLow[at + c]!);
  }

  /** All layers, over the positions from `first` on. */
  #layers(first: number): void {
    const { sizes } = this.#run;
    for (let l = 0; l < sizes.layers; l++) {
      const y = this.#normed(2 * l, first);
      this.#attention.project(l, first, y);
      const mixed = joined(rowsOf(y, sizes.width).map((_, k) => this.#attention.attend(l, first + k, this.#seen(first + k))));
      this.#add("output", l, first, mixed, y);
      const z = this.#normed(2 * l + 1, first);
      this.#add("down", l, first, this.#feed(l, first, z), z);
    }
  }

  /** Normalised states of the positions from `first` on. */
  #normed(site: number, first: number): Int32Array {
    return joined(Array.from({ length: this.#position - first }, (_, k) => normalizeSite(this.#run, site, first + k)));
  }

  /** How many positions a position sees. */
  #seen(i: number): number {
    return this.program.config.attention === "causal" ? i + 1 : this.#present;
  }

  /**
   * Completes the trace: the scores that the mask hides, and a decoder's margins of the arg max. `next` names the token taken after every position, or the
   * vocabulary's size where none is. @throws ModelError if a token is not the arg max
   */
  finish(next: readonly number[] = [], logits: readonly Int32Array[] = []): Trace {
    this.#attention.hide((i) => this.#seen(i));
    const { trace, sizes } = this.#run;
    next.forEach((token, i) => {
      const values = logits[i]!;
      const most = values[token] ?? values.reduce((a, b) => Math.max(a, b)) + 1;
      trace.logitMax[i] = most;
      for (let v = 0; v < sizes.vocabulary; v++) {
        const margin = most - values[v]! - (v < token ? 1 : 0);
        if (margin < 0) throw new ModelError(`${this.program.name} prefers the token ${v} to ${token} after position ${i}`);
        trace.marginHigh[i * sizes.vocabulary + v] = Math.floor(margin / 2 ** MARGIN_BITS) - 2 ** (LOGIT_BITS - MARGIN_BITS);
        trace.marginLow[i * sizes.vocabulary + v] = margin % 2 ** MARGIN_BITS;
      }
    });
    return trace;
  }

  #setState(site: number, i: number, values: ArrayLike<number>): void {
    const { trace, sizes, program } = this.#run;
    const at = (site * sizes.positions + i) * sizes.width;
    for (let c = 0; c < sizes.width; c++) {
      const x = inBits(this.#run, values[c]!, program.scales.residualBits, "the residual stream", i);
      trace.stateHigh[at + c] = x >> LOW_BITS;
      trace.stateLow[at + c] = x & (LOW - 1);
    }
  }

  /** state[site + 1] = round((sums + p state[site]) / 2^shift), p = 2^shift unless steps become coarser; without the state where it is part of the sums (`Skip`). */
  #add(part: "output" | "down", layer: number, first: number, x: Int32Array, y: Int32Array): void {
    const { trace, sizes, multiplier, program } = this.#run;
    const { width, positions } = sizes;
    const matrix = program[part];
    const skip = program.skips?.[part];
    const site = 2 * layer + (part === "output" ? 0 : 1);
    const sums = multiplier.times(matrix, layer, x);
    if (skip) addSkip(sums, skip, layer, y, width);
    else {
      const factor = program.streamFactors?.[part][layer] ?? 2 ** matrix.shift;
      const from = (site * positions + first) * width;
      for (let k = 0; k < sums.length; k++) sums[k] = sums[k]! + factor * (trace.stateHigh[from + k]! * LOW + trace.stateLow[from + k]!);
    }
    const rounded = round(sums, matrix.shift, trace[`${part}Rest`], (layer * positions + first) * width);
    rowsOf(rounded, width).forEach((row, k) => {
      this.#setState(site + 1, first + k, row);
    });
  }

  /** round(activated gate up / 2^gatedShift), or the activated gate alone, of the positions from `first` on. */
  #feed(l: number, first: number, y: Int32Array): Int32Array {
    const { trace, sizes, program, tables, multiplier } = this.#run;
    const { scales } = program;
    const at = (l * sizes.positions + first) * sizes.hidden;
    const gate = round(multiplier.times(program.gate, l, y), program.gate.shift, trace.gateRest, at);
    this.#within(gate, scales.gateBits, "a gate", first);
    gate.forEach((g, k) => {
      if (g > scales.gateHigh)
        throw new ModelError(
          `${program.name} reaches ${g} for a gate, above ${scales.gateHigh}, at position ${first + Math.floor(k / sizes.hidden)}`,
        );
    });
    const activated = gate.map((g) => tables.activation[g + 2 ** (scales.gateBits - 1)]!);
    trace.gate.set(gate, at);
    const feed = program.up ? this.#gated(l, first, activated, y, program.up) : activated;
    feed.forEach((v, k) => {
      trace.feedHigh[at + k] = v >> FEED_LOW_BITS;
      trace.feedLow[at + k] = v & (2 ** FEED_LOW_BITS - 1);
    });
    rowsOf(feed, sizes.hidden).forEach((_, k) => {
      setSquare(this.#run, "feed", feedLimbs(scales), l, first + k, sizes.hidden);
    });
    return feed;
  }

  /** round(activated up / 2^gatedShift). */
  #gated(l: number, first: number, activated: Int32Array, y: Int32Array, matrix: IntegerMatrix): Int32Array {
    const { trace, sizes, program, multiplier } = this.#run;
    const { scales } = program;
    const at = (l * sizes.positions + first) * sizes.hidden;
    trace.activated.set(activated, at);
    const up = round(multiplier.times(matrix, l, y), matrix.shift, trace.upRest, at);
    this.#within(up, scales.upBits, "an up projection", first);
    trace.up.set(up, at);
    const products = activated.map((a, f) => a * up[f]!);
    const gated = round(products, scales.gatedShift, trace.gatedRest, at);
    this.#within(gated, scales.feedBits, "a gated value", first);
    return gated;
  }

  /** Hidden values of the positions from `first` on in signed bits. */
  #within(values: Int32Array, bits: number, what: string, first: number): void {
    const { hidden } = this.#run.sizes;
    values.forEach((v, k) => {
      inBits(this.#run, v, bits, what, first + Math.floor(k / hidden));
    });
  }

  /** round((gain y + bias) / 2^shift). */
  #final(i: number, y: Int32Array): Int32Array {
    const { trace, program, sizes } = this.#run;
    const { gain, bias, shift } = program.final!;
    const values = round(
      y.map((v, c) => gain[c]! * v + bias[c]!),
      shift,
      trace.finalRest,
      i * sizes.width,
    );
    for (const v of values) inBits(this.#run, v, FINAL_BITS, "a final value", i);
    trace.final.set(values, i * sizes.width);
    return values;
  }
}

/** sums_c += gain_c y_c + sum_k mean_k y_k, for every row. */
function addSkip(sums: Int32Array, { gain, mean }: Skip, layer: number, y: Int32Array, width: number): void {
  const first = layer * width;
  for (let row = 0; row < y.length; row += width) {
    let total = 0;
    for (let c = 0; c < width; c++) total += mean[first + c]! * y[row + c]!;
    for (let c = 0; c < width; c++) sums[row + c] = sums[row + c]! + gain[first + c]! * y[row + c]! + total;
  }
}

function rowsOf(values: Int32Array, width: number): Int32Array[] {
  return Array.from({ length: values.length / width }, (_, k) => values.subarray(k * width, (k + 1) * width));
}

function joined(rows: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(rows.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of rows) {
    out.set(row, at);
    at += row.length;
  }
  return out;
}
