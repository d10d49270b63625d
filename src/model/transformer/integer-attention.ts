/** The attention of an integer run: projections, the norm of heads, the turn, scores, exp, the mean of the values. */
import { ModelError } from "../../errors.ts";
import { normalizeHeads } from "./integer-norm.ts";
import { type IntegerRun, inBits, round, turnsOf } from "./integer-run.ts";
import { setSquare } from "./integer-square.ts";
import { scoredNames } from "./layout.ts";
import { type IntegerMatrix, mixedBits, mostFlat, ROTATION_BITS, type TransformerProgram } from "./program.ts";
import { CLASS, maskedRow, type ScoreRow, scoreRow } from "./scores.ts";

/** Bits of a mean's low limbs: of its carry, its rest, and what the rest is below twice the divisor. */
export const REST_BITS = 11;
const REST = 2 ** REST_BITS;

export class IntegerAttention {
  readonly #run: IntegerRun;
  /** [layers or 1, positions, pairs, 2, 2], for queries and keys. */
  readonly #turns: Readonly<Record<"query" | "key", Int32Array>>;
  readonly #scored: ReturnType<typeof scoredNames>;

  constructor(run: IntegerRun) {
    const { program, tables } = run;
    const { headNorms, config } = program;
    this.#run = run;
    this.#scored = scoredNames(config);
    const plain = turnsOf(tables.rotation);
    this.#turns = headNorms
      ? {
          query: turnsOf(tables.rotation, headNorms.query, config.headWidth),
          key: turnsOf(tables.rotation, headNorms.key, config.headWidth),
        }
      : { query: plain, key: plain };
  }

  /** Queries, keys and values of the positions from `first` on, from their normalised states y [positions, width]. */
  project(l: number, first: number, y: Int32Array): void {
    const { program, multiplier } = this.#run;
    const [query, key, value] = [program.query, program.key, program.value].map((matrix) => multiplier.times(matrix, l, y)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    const row = (of: Int32Array, { outputs }: IntegerMatrix, k: number) => of.subarray(k * outputs, (k + 1) * outputs);
    for (let k = 0; k < y.length / program.config.width; k++) {
      this.#scoredValues("query", l, first + k, row(query, program.query, k));
      this.#scoredValues("key", l, first + k, row(key, program.key, k));
      this.#values(l, first + k, row(value, program.value, k));
    }
  }

  #values(l: number, i: number, accumulators: Int32Array): void {
    const { trace, sizes, program } = this.#run;
    const keys = (l * sizes.positions + i) * accumulators.length;
    const value = round(accumulators, program.value.shift, trace.valueRest, keys);
    const half = program.scales.valueBits / 2;
    value.forEach((v, k) => {
      inBits(this.#run, v, program.scales.valueBits, "a value", i);
      trace.valueHigh[keys + k] = v >> half;
      trace.valueLow[keys + k] = v & (2 ** half - 1);
    });
  }

  /** The rounded means of the values that a position sees: those of positions 0 to `seen` - 1. */
  attend(l: number, i: number, seen: number): Int32Array {
    const { trace, sizes, tables } = this.#run;
    const { groups, members, positions } = sizes;
    const out = new Int32Array(groups * members * 2 * sizes.pairs);
    for (let h = 0; h < groups * members; h++) {
      const row = (l * groups * members + h) * positions + i;
      const scores = Float64Array.from({ length: seen }, (_, j) => this.#score(l, h, i, j));
      const most = scores.reduce((a, b) => Math.max(a, b));
      let [sum, maxima, tails] = [0, 0, 0];
      scores.forEach((a, j) => {
        const found = scoreRow(tables.scores, most - a);
        this.#setScore(row * positions + j, found, most - a);
        sum += found.exp;
        if (found.class === CLASS.max) maxima++;
        if (found.class === CLASS.tail) tails++;
      });
      trace.scoreMax[row] = most;
      trace.expSum[row] = sum;
      trace.maxCount[row] = maxima - 1;
      trace.tailCount[row] = tails;
      this.#mix(l, h, i, seen, sum, out);
    }
    setSquare(this.#run, "mixed", mixedBits(this.#run.program.scales), l, i, out.length);
    return out;
  }

  /** Scores that a mask hides weigh nothing, but have a row too. `seen`: how many positions each sees. */
  hide(seen: (i: number) => number): void {
    const { trace, tables, sizes } = this.#run;
    const { layers, groups, members, positions } = sizes;
    for (let l = 0; l < layers; l++)
      for (let h = 0; h < groups * members; h++)
        for (let i = 0; i < positions; i++) {
          const row = (l * groups * members + h) * positions + i;
          for (let j = seen(i); j < positions; j++) {
            const difference = trace.scoreMax[row]! - this.#score(l, h, i, j);
            this.#setScore(row * positions + j, maskedRow(tables.scores, difference), difference);
          }
        }
  }

  #scoredValues(name: "query" | "key", l: number, i: number, accumulators: Int32Array): void {
    const { trace, program, sizes } = this.#run;
    const at = (l * sizes.positions + i) * accumulators.length;
    const { config, scales } = program;
    const flat = round(accumulators, program[name].shift, trace[`${name}FlatRest`], at);
    this.#within(name, flat, config.queryKeyNorm ? mostFlat(config) : scales.queryLimit, i);
    trace[`${name}Flat`].set(flat, at);
    if (config.positions.kind !== "rotary") return;
    const y = config.queryKeyNorm ? normalizeHeads(this.#run, name, flat, l, at) : flat;
    const turned = round(this.#turned(name, l, i, y), turnShift(program, name), trace[`${name}Rest`], at);
    this.#within(name, turned, scales.queryLimit, i);
    trace[name].set(turned, at);
  }

  #within(name: string, values: Int32Array, limit: number, i: number): void {
    const outside = values.find((v) => Math.abs(v) > limit);
    if (outside !== undefined)
      throw new ModelError(`${this.#run.program.name} reaches the ${name} ${outside}, outside ${limit}, at position ${i}`);
  }

  /** Sums of a pair's halves times the position's turn. */
  #turned(name: "query" | "key", l: number, i: number, x: Int32Array): Int32Array {
    const { pairs, positions } = this.#run.sizes;
    const turns = this.#turns[name];
    const first = (turns.length > 4 * positions * pairs ? l * positions + i : i) * pairs;
    const out = new Int32Array(x.length);
    for (let k = 0; k < x.length; k += 2) {
      const at = 4 * (first + ((k / 2) % pairs));
      const [a, b] = [x[k]!, x[k + 1]!];
      out[k] = a * turns[at]! + b * turns[at + 1]!;
      out[k + 1] = a * turns[at + 2]! + b * turns[at + 3]!;
    }
    return out;
  }

  #score(l: number, h: number, i: number, j: number): number {
    const { trace, sizes, program } = this.#run;
    const { groups, members, positions } = sizes;
    const channels = 2 * sizes.pairs;
    const q = ((l * positions + i) * groups * members + h) * channels;
    const k = ((l * positions + j) * groups + Math.floor(h / members)) * channels;
    const [queries, keys] = [trace[this.#scored.query], trace[this.#scored.key]];
    let sum = 0;
    for (let d = 0; d < channels; d++) sum += queries[q + d]! * keys[k + d]!;
    if (Math.abs(sum) > program.scales.scoreLimit)
      throw new ModelError(`${program.name} reaches the score ${sum}, outside ${program.scales.scoreLimit}, at position ${i}`);
    return sum;
  }

  #setScore(at: number, row: ScoreRow, difference: number): void {
    const { trace } = this.#run;
    trace.scoreBase[at] = row.base;
    trace.scoreExp[at] = row.exp;
    trace.scoreClass[at] = row.class;
    trace.scoreOffset[at] = difference - row.base;
  }

  /** o = round(sum_j e_j v_j / sum_j e_j) for a head, half up, in two limbs. */
  #mix(l: number, h: number, i: number, seen: number, sum: number, out: Int32Array): void {
    const { trace, sizes, program } = this.#run;
    const { groups, members, positions } = sizes;
    const channels = 2 * sizes.pairs;
    const exps = ((l * groups * members + h) * positions + i) * positions;
    const group = Math.floor(h / members);
    const half = 2 ** (program.scales.valueBits / 2);
    const first = ((l * positions + i) * groups * members + h) * channels;
    for (let d = 0; d < channels; d++) {
      let [high, low] = [0, 0];
      for (let j = 0; j < seen; j++) {
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
}

/** Fractional bits of a turn's factors. */
export function turnShift({ headNorms }: TransformerProgram, name: "query" | "key"): number {
  return headNorms?.[name].shift ?? ROTATION_BITS;
}
