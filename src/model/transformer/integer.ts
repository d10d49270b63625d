/**
 * The integer decoder: the exact definition that proofs are about, one position at a time with a cache of keys and values. A pass over a whole sequence is the same
 * steps, so both give the same integers. Every value that a proof commits to is written to the trace.
 *
 * A value that leaves its bits is never cut: the step throws.
 */
import { ModelError } from "../../errors.ts";
import { emptyTrace, type Sizes, sizesOf, type Trace } from "./layout.ts";
import {
  type IntegerMatrix,
  integerRoot,
  LOGIT_BITS,
  LOW_BITS,
  normBits,
  RECIPROCAL_BITS,
  ROTATION_BITS,
  rootHighBits,
  rootNumerator,
  type TransformerProgram,
} from "./program.ts";
import { CLASS, MAX_POSITIONS, maskedRow, type ScoreRow, type ScoreTable, scoreRow, scoreTable } from "./scores.ts";
import { rotationTable, siluTable } from "./tables.ts";

/** Low limbs of remainders of the attention's quotient. */
export const REST_BITS = 11;
/** Low limbs of the margins of the arg max. */
export const MARGIN_BITS = 14;

const LOW = 2 ** LOW_BITS;
const REST = 2 ** REST_BITS;

/** What a decoder looks up. */
export interface DecoderTables {
  readonly rotation: Int32Array;
  readonly silu: Int32Array;
  readonly scores: ScoreTable;
}

/** The tables for some positions: they take longer to make than a decoder takes for a few steps. */
export function decoderTables({ config, scales }: TransformerProgram, positions: number): DecoderTables {
  return { rotation: rotationTable(config, positions), silu: siluTable(scales), scores: scoreTable(scales) };
}

/** @throws ModelError if a decoder cannot take so many positions: counts of score classes need MAX_POSITIONS, the model was made for its context */
export function checkPositions({ name, config }: TransformerProgram, positions: number): void {
  const most = Math.min(MAX_POSITIONS, config.context);
  if (!Number.isInteger(positions) || positions < 1 || positions > most)
    throw new ModelError(`${name} cannot take ${positions} positions, it can take 1 to ${most}`);
}

export class IntegerDecoder {
  readonly program: TransformerProgram;
  readonly sizes: Sizes;
  readonly trace: Trace;
  readonly #tables: DecoderTables;
  readonly #normBits: number;
  readonly #rootBits: number;
  #position = 0;

  /** @param positions the most steps that will be taken. @throws ModelError if they are too many */
  constructor(program: TransformerProgram, positions: number, tables = decoderTables(program, positions)) {
    const { config, scales } = program;
    checkPositions(program, positions);
    this.program = program;
    this.sizes = sizesOf(config, positions);
    this.trace = emptyTrace(this.sizes);
    this.#tables = tables;
    this.#normBits = normBits(config, scales);
    this.#rootBits = rootHighBits(config, scales);
  }

  /** Steps taken so far. */
  get position(): number {
    return this.#position;
  }

  /** The logits after one more token. @throws RangeError for a token that does not exist @throws ModelError if a value leaves its bits */
  step(token: number): Int32Array {
    const { config, embedding, head } = this.program;
    const { width, layers, vocabulary, positions } = this.sizes;
    if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) throw new RangeError(`There is no token ${token}`);
    if (this.#position >= positions) throw new RangeError(`The decoder was made for ${positions} positions`);
    this.#setState(0, embedding.subarray(token * width, (token + 1) * width));
    for (let l = 0; l < layers; l++) {
      const mixed = this.#attend(l, this.#normalize(2 * l));
      this.#add(2 * l, this.program.output, l, mixed, this.trace.outputRest);
      const gated = this.#feed(l, this.#normalize(2 * l + 1));
      this.#add(2 * l + 1, this.program.down, l, gated, this.trace.downRest);
    }
    const logits = multiply({ outputs: config.vocabulary, inputs: width, weight: head, shift: 0 }, 0, this.#normalize(2 * layers));
    this.#position++;
    return logits;
  }

  /**
   * Completes the trace: the scores that the mask hides, and the margins of the arg max. `next` names the token taken after every position, or the vocabulary's
   * size where none is. @throws ModelError if a token is not the arg max
   */
  finish(next: readonly number[], logits: readonly Int32Array[]): Trace {
    this.#hide();
    const { trace, sizes } = this;
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

  #setState(site: number, values: ArrayLike<number>): void {
    const { trace, sizes } = this;
    const at = (site * sizes.positions + this.#position) * sizes.width;
    for (let c = 0; c < sizes.width; c++) {
      const x = this.#fit(values[c]!, this.program.scales.residualBits, "the residual stream");
      trace.stateHigh[at + c] = x >> LOW_BITS;
      trace.stateLow[at + c] = x & (LOW - 1);
    }
  }

  /** state[site + 1] = state[site] + round(W x / 2^shift). */
  #add(site: number, matrix: IntegerMatrix, layer: number, x: Int32Array, rest: Int32Array): void {
    const { width, positions } = this.sizes;
    const from = (site * positions + this.#position) * width;
    const to = (layer * positions + this.#position) * width;
    const rounded = round(multiply(matrix, layer, x), matrix.shift, rest, to);
    this.#setState(
      site + 1,
      rounded.map((v, c) => v + this.trace.stateHigh[from + c]! * LOW + this.trace.stateLow[from + c]!),
    );
  }

  /** y = round(x R / 2^rho), R = floor(K / N), N = floor(sqrt(sum x^2 + epsilon)). */
  #normalize(site: number): Int32Array {
    const { trace, sizes, program } = this;
    const row = site * sizes.positions + this.#position;
    const at = row * sizes.width;
    let [high, cross, low] = [0, 0, 0];
    for (let c = at; c < at + sizes.width; c++) {
      const [h, l] = [trace.stateHigh[c]!, trace.stateLow[c]!];
      high += h * h;
      cross += h * l;
      low += l * l;
    }
    const sum = high * LOW * LOW + 2 * cross * LOW + low + program.epsilon;
    const n = integerRoot(sum);
    const rest = sum - n * n;
    const numerator = rootNumerator(program.config, program.scales);
    const r = Math.floor(numerator / n);
    if (n >= LOW * 2 ** this.#rootBits || r >= 2 ** RECIPROCAL_BITS)
      throw new ModelError(`${program.name} reaches the root ${n} at position ${this.#position}`);
    const divided = numerator - r * n;
    const [rootHigh, rootLow, restHigh, restLow] = [Math.floor(n / LOW), n % LOW, Math.floor(rest / LOW), rest % LOW];
    const lowCarry = (low + (program.epsilon % LOW) - rootLow ** 2 - restLow) / LOW;
    const highCarry = (2 * cross + Math.floor(program.epsilon / LOW) + lowCarry - 2 * rootHigh * rootLow - restHigh) / LOW;
    const values = {
      rootHigh,
      rootLow,
      rootRestHigh: restHigh,
      rootRestLow: restLow,
      rootSlackHigh: Math.floor((2 * n - rest) / LOW),
      rootSlackLow: (2 * n - rest) % LOW,
      rootCarryLow: lowCarry,
      rootCarryHigh: highCarry,
      reciprocal: r,
      reciprocalCarry: Math.floor((r * (n % LOW) + (divided % LOW)) / LOW),
      reciprocalRestHigh: Math.floor(divided / LOW),
      reciprocalRestLow: divided % LOW,
      reciprocalSlackHigh: Math.floor((n - 1 - divided) / LOW),
      reciprocalSlackLow: (n - 1 - divided) % LOW,
    };
    for (const [name, value] of Object.entries(values)) trace[name as keyof typeof values][row] = value;

    const shift = program.scales.rootShift - LOW_BITS;
    const y = new Int32Array(sizes.width);
    for (let c = 0; c < sizes.width; c++) {
      const lows = trace.stateLow[at + c]! * r;
      const carry = Math.floor(lows / LOW);
      const sum = trace.stateHigh[at + c]! * r + carry + 2 ** (shift - 1);
      y[c] = sum >> shift;
      trace.normCarryHigh[at + c] = Math.floor(carry / LOW);
      trace.normCarryLow[at + c] = carry % LOW;
      trace.normLow[at + c] = lows - carry * LOW;
      trace.normRest[at + c] = sum & (2 ** shift - 1);
      trace.normed[at + c] = this.#fit(y[c]!, this.#normBits, "a normalised value");
    }
    return y;
  }

  #attend(l: number, y: Int32Array): Int32Array {
    const { trace, sizes, program } = this;
    const { groups, members, positions } = sizes;
    const channels = 2 * sizes.pairs;
    const i = this.#position;
    const queries = (l * positions + i) * groups * members * channels;
    const keys = (l * positions + i) * groups * channels;
    this.#rotated(multiply(program.query, l, y), program.query.shift, queries, "query");
    this.#rotated(multiply(program.key, l, y), program.key.shift, keys, "key");
    const value = round(multiply(program.value, l, y), program.value.shift, trace.valueRest, keys);
    const half = program.scales.valueBits / 2;
    value.forEach((v, k) => {
      this.#fit(v, program.scales.valueBits, "a value");
      trace.valueHigh[keys + k] = v >> half;
      trace.valueLow[keys + k] = v & (2 ** half - 1);
    });
    const out = new Int32Array(groups * members * channels);
    for (let h = 0; h < groups * members; h++) {
      const row = (l * groups * members + h) * positions + i;
      const scores = Float64Array.from({ length: i + 1 }, (_, j) => this.#score(l, h, i, j));
      const most = scores.reduce((a, b) => Math.max(a, b));
      let [sum, maxima, tails] = [0, 0, 0];
      scores.forEach((a, j) => {
        const found = scoreRow(this.#tables.scores, most - a);
        this.#setScore(row * positions + j, found, most - a);
        sum += found.exp;
        if (found.class === CLASS.max) maxima++;
        if (found.class === CLASS.tail) tails++;
      });
      trace.scoreMax[row] = most;
      trace.expSum[row] = sum;
      trace.maxCount[row] = maxima - 1;
      trace.tailCount[row] = tails;
      this.#mix(l, h, sum, out);
    }
    return out;
  }

  /** o = round(sum_j e_j v_j / sum_j e_j) for a head, half up, in two limbs. */
  #mix(l: number, h: number, sum: number, out: Int32Array): void {
    const { trace, sizes, program } = this;
    const { groups, members, positions } = sizes;
    const channels = 2 * sizes.pairs;
    const i = this.#position;
    const exps = ((l * groups * members + h) * positions + i) * positions;
    const group = Math.floor(h / members);
    const half = 2 ** (program.scales.valueBits / 2);
    const first = ((l * positions + i) * groups * members + h) * channels;
    for (let d = 0; d < channels; d++) {
      let [high, low] = [0, 0];
      for (let j = 0; j <= i; j++) {
        const at = ((l * positions + j) * groups + group) * channels + d;
        high += trace.scoreExp[exps + j]! * trace.valueHigh[at]!;
        low += trace.scoreExp[exps + j]! * trace.valueLow[at]!;
      }
      const total = half * high + low;
      const o = Math.floor((2 * total + sum) / (2 * sum));
      const [oHigh, oLow] = [Math.floor(o / half), o - half * Math.floor(o / half)];
      const carry = high - sum * oHigh;
      const rest = 2 * (total - sum * o) + sum;
      const slack = 2 * sum - 1 - rest;
      out[h * channels + d] = o;
      trace.mixedHigh[first + d] = oHigh;
      trace.mixedLow[first + d] = oLow;
      trace.mixedCarryHigh[first + d] = Math.floor(carry / REST);
      trace.mixedCarryLow[first + d] = carry - REST * Math.floor(carry / REST);
      trace.mixedRestHigh[first + d] = Math.floor(rest / REST);
      trace.mixedRestLow[first + d] = rest % REST;
      trace.mixedSlackHigh[first + d] = Math.floor(slack / REST);
      trace.mixedSlackLow[first + d] = slack % REST;
    }
  }

  /** Rounds a projection, then turns its pairs by the position's angles and rounds again. */
  #rotated(accumulators: Int32Array, shift: number, at: number, name: "query" | "key"): void {
    const { trace, sizes } = this;
    const flat = round(accumulators, shift, trace[`${name}FlatRest`], at);
    const { pairs } = sizes;
    const turned = new Int32Array(flat.length);
    for (let k = 0; k < flat.length; k += 2) {
      const angle = (this.#position * pairs + ((k / 2) % pairs)) * 2;
      const [a, b, c, s] = [flat[k]!, flat[k + 1]!, this.#tables.rotation[angle]!, this.#tables.rotation[angle + 1]!];
      turned[k] = a * c - b * s;
      turned[k + 1] = a * s + b * c;
    }
    const rounded = round(turned, ROTATION_BITS, trace[`${name}Rest`], at);
    for (let k = 0; k < flat.length; k++) {
      if (Math.abs(flat[k]!) > this.program.scales.queryLimit || Math.abs(rounded[k]!) > this.program.scales.queryLimit)
        throw new ModelError(
          `${this.program.name} reaches the ${name} ${rounded[k]}, outside ${this.program.scales.queryLimit}, at position ${this.#position}`,
        );
      trace[`${name}Flat`][at + k] = flat[k]!;
      trace[name][at + k] = rounded[k]!;
    }
  }

  #score(l: number, h: number, i: number, j: number): number {
    const { trace, sizes } = this;
    const { groups, members, positions } = sizes;
    const channels = 2 * sizes.pairs;
    const q = ((l * positions + i) * groups * members + h) * channels;
    const k = ((l * positions + j) * groups + Math.floor(h / members)) * channels;
    let sum = 0;
    for (let d = 0; d < channels; d++) sum += trace.query[q + d]! * trace.key[k + d]!;
    if (Math.abs(sum) > this.program.scales.scoreLimit)
      throw new ModelError(`${this.program.name} reaches the score ${sum}, outside ${this.program.scales.scoreLimit}, at position ${i}`);
    return sum;
  }

  #setScore(at: number, row: ScoreRow, difference: number): void {
    this.trace.scoreBase[at] = row.base;
    this.trace.scoreExp[at] = row.exp;
    this.trace.scoreClass[at] = row.class;
    this.trace.scoreOffset[at] = difference - row.base;
  }

  /** Scores of later positions: they weigh nothing, but have a row too. */
  #hide(): void {
    const { layers, groups, members, positions } = this.sizes;
    for (let l = 0; l < layers; l++)
      for (let h = 0; h < groups * members; h++)
        for (let i = 0; i < positions; i++) {
          const row = (l * groups * members + h) * positions + i;
          for (let j = i + 1; j < positions; j++) {
            const difference = this.trace.scoreMax[row]! - this.#score(l, h, i, j);
            this.#setScore(row * positions + j, maskedRow(this.#tables.scores, difference), difference);
          }
        }
  }

  /** round(silu(gate) up / 2^gatedShift). */
  #feed(l: number, y: Int32Array): Int32Array {
    const { trace, sizes, program } = this;
    const { scales } = program;
    const at = (l * sizes.positions + this.#position) * sizes.hidden;
    const gate = round(multiply(program.gate, l, y), program.gate.shift, trace.gateRest, at);
    const up = round(multiply(program.up, l, y), program.up.shift, trace.upRest, at);
    const products = gate.map((g, f) => {
      const silu = this.#tables.silu[this.#fit(g, scales.gateBits, "a gate") + 2 ** (scales.gateBits - 1)]!;
      trace.gate[at + f] = g;
      trace.silu[at + f] = silu;
      trace.up[at + f] = this.#fit(up[f]!, scales.upBits, "an up projection");
      return silu * up[f]!;
    });
    const gated = round(products, scales.gatedShift, trace.gatedRest, at);
    gated.forEach((v, f) => {
      trace.gated[at + f] = this.#fit(v, scales.gatedBits, "a gated value");
    });
    return gated;
  }

  /** @throws ModelError if a value does not fit signed bits */
  #fit(v: number, bits: number, what: string): number {
    if (v < -(2 ** (bits - 1)) || v >= 2 ** (bits - 1))
      throw new ModelError(`${this.program.name} reaches ${v} for ${what}, outside ${bits} bits, at position ${this.#position}`);
    return v;
  }
}

/** W x for one layer; accumulators stay below 2^30. Four rows at once: they share what is read of x. */
function multiply({ outputs, inputs, weight }: IntegerMatrix, layer: number, x: Int32Array): Int32Array {
  const out = new Int32Array(outputs);
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
    out[o] = sum0;
    out[o + 1] = sum1;
    out[o + 2] = sum2;
    out[o + 3] = sum3;
  }
  for (let o = even; o < outputs; o++) {
    const row = first + o * inputs;
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum = (sum + Math.imul(weight[row + k]!, x[k]!)) | 0;
    out[o] = sum;
  }
  return out;
}

/** floor((a + 2^(s-1)) / 2^s); what is lost goes to `rest`, from index `at` on. */
function round(accumulators: Int32Array, shift: number, rest: Int32Array, at: number): Int32Array {
  const [half, mask] = [2 ** (shift - 1), 2 ** shift - 1];
  const out = new Int32Array(accumulators.length);
  for (let k = 0; k < out.length; k++) {
    const sum = (accumulators[k]! + half) | 0;
    rest[at + k] = sum & mask;
    out[k] = sum >> shift;
  }
  return out;
}
