/** What the parts of an integer run share: the program, its sizes and tables, the trace, and the arithmetic of sums and roundings. */
import { ModelError } from "../../errors.ts";
import type { Matrix, Products } from "../products/products.ts";
import { scalarProducts } from "../products/products.ts";
import { fastestProducts } from "../products/simd.ts";
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

/** Counts of score classes need MAX_POSITIONS, the model was made for its context. */
export function mostPositions({ config }: Pick<TransformerProgram, "config">): number {
  return Math.min(MAX_POSITIONS, config.context);
}

/** @throws ModelError if a transformer cannot take so many positions */
export function checkPositions({ name, config }: TransformerProgram, positions: number): void {
  const most = mostPositions({ config });
  if (!Number.isInteger(positions) || positions < 1 || positions > most)
    throw new ModelError(`${name} cannot take ${positions} positions, it can take 1 to ${most}`);
}

export interface IntegerRun {
  readonly program: TransformerProgram;
  readonly sizes: Sizes;
  readonly trace: Trace;
  readonly tables: TransformerTables;
  readonly multiplier: Multiplier;
  readonly head: IntegerMatrix;
}

/** A run of at most `positions` positions. @throws ModelError if they are too many */
export function emptyRun(program: TransformerProgram, positions: number, tables?: TransformerTables): IntegerRun {
  checkPositions(program, positions);
  const sizes = sizesOf(program.config, positions);
  return {
    program,
    sizes,
    trace: emptyTrace(program.config, sizes),
    tables: tables ?? transformerTables(program, positions),
    multiplier: multiplierOf(program),
    head: headOf(program),
  };
}

/** @throws ModelError if a value does not fit signed bits */
export function inBits({ program }: Pick<IntegerRun, "program">, v: number, bits: number, what: string, position: number): number {
  if (v < -(2 ** (bits - 1)) || v >= 2 ** (bits - 1))
    throw new ModelError(`${program.name} reaches ${v} for ${what}, outside ${bits} bits, at position ${position}`);
  return v;
}

/** Matrices of a program as their products take them, made when they are first used: one for the same weights in memory, whoever names them. */
export class Multiplier {
  readonly #products: Products;
  readonly #matrices = new Map<ArrayBufferLike, Map<string, Matrix>>();

  constructor(products: Products) {
    this.#products = products;
  }

  /** W x + b of one layer for vectors x [count, inputs]: [count, outputs]; sums stay below 2^30. */
  times(matrix: IntegerMatrix, layer: number, x: Int32Array): Int32Array {
    const { outputs, inputs, weight, bias } = matrix;
    const size = outputs * inputs;
    const own = weight.subarray(layer * size, (layer + 1) * size);
    const known = this.#matrices.get(own.buffer) ?? new Map<string, Matrix>();
    this.#matrices.set(own.buffer, known);
    const place = `${own.byteOffset} ${outputs} ${inputs}`;
    const made = known.get(place) ?? this.#products.add(own, outputs, inputs);
    known.set(place, made);
    const out = made.times(x);
    if (bias) for (let k = 0; k < out.length; k++) out[k] = out[k]! + bias[layer * outputs + (k % outputs)]!;
    return out;
  }
}

/** Programs with fewer weights gain nothing from WebAssembly. */
const SMALL = 2 ** 14;
const multipliers = new WeakMap<TransformerProgram, Multiplier>();

/** The products of a program: made once, and kept as long as the program. */
export function multiplierOf(program: TransformerProgram): Multiplier {
  const known = multipliers.get(program);
  if (known) return known;
  const isSmall = program.embedding.length + program.gate.weight.length < SMALL;
  const made = new Multiplier(isSmall ? scalarProducts() : fastestProducts());
  multipliers.set(program, made);
  return made;
}

/** Lets a segment's program use the products of the whole one, of whose weights it has views. */
export function shareMultiplier(part: TransformerProgram, whole: TransformerProgram): TransformerProgram {
  multipliers.set(part, multiplierOf(whole));
  return part;
}

/** The head as a matrix without a shift. */
export function headOf({ head, headBias, config }: TransformerProgram): IntegerMatrix {
  return { outputs: config.vocabulary, inputs: config.width, weight: head, shift: 0, ...(headBias && { bias: headBias }) };
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
