/**
 * The integer transformer: the exact definition that proofs are about. A decoder reads one token after the other, with a cache of keys and values, or many at once:
 * either way every value is the same. An encoder reads a whole text. Every value that a proof commits to is written to the trace.
 *
 * A value that leaves its bits is never cut: reading throws.
 */
import { InternalError, ModelError } from "../../errors.ts";
import { IntegerAttention } from "./integer-attention.ts";
import { normalizeSite } from "./integer-norm.ts";
import { emptyRun, type IntegerRun, inBits, multiply, round, type TransformerTables } from "./integer-run.ts";
import type { Sizes, Trace } from "./layout.ts";
import { FINAL_BITS, type IntegerMatrix, LOGIT_BITS, LOW_BITS, type Skip, type TransformerProgram } from "./program.ts";

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
    const last = Array.from({ length: count }, (_, k) => normalizeSite(this.#run, 2 * sizes.layers, first + k));
    if (program.config.part?.last === false) return last.map((_, k) => this.#state(2 * sizes.layers, first + k));
    if (program.final) return last.map((y, k) => this.#final(first + k, y));
    const head: IntegerMatrix = { outputs: vocabulary, inputs: width, weight: program.head, shift: 0 };
    return last.map((y) => multiply(program.headBias ? { ...head, bias: program.headBias } : head, 0, y));
  }

  /** The state at a site and position. */
  #state(site: number, i: number): Int32Array {
    const { trace, sizes } = this.#run;
    const at = (site * sizes.positions + i) * sizes.width;
    return Int32Array.from({ length: sizes.width }, (_, c) => trace.stateHigh[at + c]! * LOW + trace.stateLow[at + c]!);
  }

  /** All layers, over the positions from `first` on. */
  #layers(first: number): void {
    const { program, sizes, trace } = this.#run;
    const rows = Array.from({ length: this.#position - first }, (_, k) => first + k);
    for (let l = 0; l < sizes.layers; l++) {
      const normed = rows.map((i) => normalizeSite(this.#run, 2 * l, i));
      rows.forEach((i, k) => {
        this.#attention.project(l, i, normed[k]!);
      });
      rows.forEach((i, k) => {
        const mixed = this.#attention.attend(l, i, this.#seen(i));
        this.#add(2 * l, i, program.output, program.skips?.output, mixed, normed[k]!, trace.outputRest);
        const y = normalizeSite(this.#run, 2 * l + 1, i);
        this.#add(2 * l + 1, i, program.down, program.skips?.down, this.#feed(l, i, y), y, trace.downRest);
      });
    }
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

  /** state[site + 1] = state[site] + round(sums / 2^shift), or the rounded sums alone where the normalised state is part of them (`Skip`). */
  #add(site: number, i: number, matrix: IntegerMatrix, skip: Skip | undefined, x: Int32Array, y: Int32Array, rest: Int32Array): void {
    const { trace, sizes } = this.#run;
    const { width, positions } = sizes;
    const layer = Math.floor(site / 2);
    const sums = multiply(matrix, layer, x);
    if (skip) addSkip(sums, skip, layer, y);
    const rounded = round(sums, matrix.shift, rest, (layer * positions + i) * width);
    const from = (site * positions + i) * width;
    this.#setState(site + 1, i, skip ? rounded : rounded.map((v, c) => v + trace.stateHigh[from + c]! * LOW + trace.stateLow[from + c]!));
  }

  /** round(activated gate up / 2^gatedShift), or the activated gate alone. */
  #feed(l: number, i: number, y: Int32Array): Int32Array {
    const { trace, sizes, program, tables } = this.#run;
    const { scales } = program;
    const at = (l * sizes.positions + i) * sizes.hidden;
    const gate = round(multiply(program.gate, l, y), program.gate.shift, trace.gateRest, at);
    const activated = gate.map((g) => tables.activation[inBits(this.#run, g, scales.gateBits, "a gate", i) + 2 ** (scales.gateBits - 1)]!);
    trace.gate.set(gate, at);
    trace.activated.set(activated, at);
    if (!program.up) return activated;
    const up = round(multiply(program.up, l, y), program.up.shift, trace.upRest, at);
    for (const v of up) inBits(this.#run, v, scales.upBits, "an up projection", i);
    trace.up.set(up, at);
    const gated = round(
      activated.map((a, f) => a * up[f]!),
      scales.gatedShift,
      trace.gatedRest,
      at,
    );
    for (const v of gated) inBits(this.#run, v, scales.gatedBits, "a gated value", i);
    trace.gated.set(gated, at);
    return gated;
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

/** sums_c += gain_c y_c + sum_k mean_k y_k. */
function addSkip(sums: Int32Array, { gain, mean }: Skip, layer: number, y: Int32Array): void {
  const first = layer * y.length;
  let total = 0;
  for (let c = 0; c < y.length; c++) total += mean[first + c]! * y[c]!;
  for (let c = 0; c < y.length; c++) sums[c] = sums[c]! + gain[first + c]! * y[c]! + total;
}
