/**
 * Float transformer to integer transformer. Norm gains, biases and means go into the weights around them; every matrix takes as many bits as its accumulator holds: the
 * L1 norm of a row times the largest input stays below the limit. Only +, -, *, / and square roots, so that every runtime gets the same integers.
 *
 * A layer norm is a root mean square norm of a stream whose mean is 0. Nothing else reads the stream, so everything that is written to it is written with its mean
 * subtracted: embeddings, the rows of output and down projections, and, where norms come after, the normalised values that are added again (`Skip`).
 */
import { ModelError } from "../../errors.ts";
import { folded, layerTensors, PARTS, type Part, scaledRows } from "./fold.ts";
import type { Norm, Transformer, TransformerConfig } from "./model.ts";
import {
  FEED_LOW_BITS,
  FINAL_BITS,
  type FinalValues,
  feedExponent,
  feedLimbs,
  HEAD_NORM_EXPONENT,
  type HeadNorm,
  headNumerator,
  LOGIT_BITS,
  limbsLength,
  MOST_EPSILON,
  MOST_HEAD_EPSILON,
  mixedBits,
  mostFlat,
  mostQuery,
  normLength,
  ROTATION_BITS,
  type TransformerProgram,
  type TransformerScales,
} from "./program.ts";
import {
  ACCUMULATOR,
  integersOf,
  joined,
  largestSum,
  MAX_SHIFT,
  type Mapping,
  matrixOf,
  roundedLayer,
  shiftOf,
} from "./quantize-matrix.ts";
import { type LayerRange, scalesOfRange } from "./segment.ts";

/** Sums of squares of high limbs stay below this, so that they and their carries stay below p. */
const MOST_SQUARES = 2 ** 31 - 2 ** 28;
/** Fractional bits of logits. */
const MAX_HEAD_EXPONENT = 30;
/** The integer transformer on given scales. @throws ModelError naming a matrix that does not fit */
export function quantizeTransformer(model: Transformer, scales: TransformerScales, name: string): TransformerProgram {
  return new Quantizer(model, scales, name).program({ from: 0, to: model.config.layers });
}

/** Makes the integers of any range of layers, without those of others: a model that is larger than memory is quantized in parts, and every part is what it is in the whole. */
export class Quantizer {
  readonly #model: Transformer;
  readonly #scales: TransformerScales;
  readonly #name: string;
  readonly #mappings: Readonly<Record<Part, Mapping>>;
  readonly #fromNorm: Pick<Mapping, "inputScale" | "inputLimit" | "inputLength">;
  readonly #shifts = new Map<Part, number>();
  /** Of queries and keys that are not normalised. */
  readonly #scoreScale: number;

  /** @throws ModelError if heads are too wide, or squares too large */
  constructor(model: Transformer, scales: TransformerScales, name: string) {
    const { config } = model;
    if (scales.queryLimit < 2 || scales.queryLimit > mostQuery(config))
      throw new ModelError(`${name} has heads of ${config.headWidth} channels, too wide for exact scores`);
    for (const [bits, count] of [
      [mixedBits(scales), config.heads * config.headWidth],
      [feedLimbs(scales), config.hidden],
    ] as const)
      if (count * 4 ** (bits.values - bits.low - 1) >= MOST_SQUARES || count * 2 ** bits.values >= ACCUMULATOR)
        throw new ModelError(`${name} has ${count} values of ${bits.values} bits, whose squares are too large to be added up`);
    this.#model = model;
    this.#scales = scales;
    this.#name = name;
    this.#scoreScale = Math.sqrt(2 ** (scales.scoreShift + scales.expExponent) / Math.sqrt(config.headWidth));
    const channel = (c: number) => 2 ** (scales.channelShifts[c] ?? 0);
    const squares = channelSquares(scales);
    this.#fromNorm = {
      inputScale: (_, c) => 2 ** scales.normExponent / channel(c),
      inputLimit: 2 ** (scales.normBits - 1),
      inputLength: { most: normLength(config, scales), ...(squares && { weights: squares }) },
    };
    this.#mappings = this.#mappingsOf();
  }

  /** @throws ModelError naming a matrix that does not fit */
  program(range: LayerRange): TransformerProgram {
    const { config, norms } = this.#model;
    const scales = this.#scales;
    const [isFirst, isLast] = [range.from === 0, range.to === config.layers];
    const matrix = (part: Part) => matrixOf(this.#mappings[part], this.#shift(part), range);
    const [output, down] = [matrix("output"), matrix("down")];
    const squares = channelSquares(scales);
    const epsilons = scales.residualExponents.map((e) => Math.max(1, config.epsilon * config.width * 4 ** e));
    return {
      name: this.#name,
      config: isFirst && isLast ? config : { ...config, layers: range.to - range.from, part: { first: isFirst, last: isLast } },
      scales: scalesOfRange(scales, range),
      ...(isFirst ? embeddings(this.#model, scales, this.#name) : { embedding: new Int32Array() }),
      query: matrix("query").matrix,
      key: matrix("key").matrix,
      value: matrix("value").matrix,
      output: output.matrix,
      gate: matrix("gate").matrix,
      ...(config.gated && { up: matrix("up").matrix }),
      down: down.matrix,
      ...(output.skip && down.skip && { skips: { output: output.skip, down: down.skip } }),
      ...(config.queryKeyNorm && {
        headNorms: {
          query: this.#headNorm("queryGain", scales.queryMagnitudes, range),
          key: this.#headNorm("keyGain", scales.keyMagnitudes, range),
        },
      }),
      ...(isLast ? quantizeHead(this.#model, this.#fromNorm) : { head: new Int32Array(), headExponent: 0 }),
      ...(config.output === "mean" && { final: finalOf(norms[2 * config.layers]!, scales, this.#fromNorm.inputLimit, this.#name) }),
      epsilons: integersOf(`${this.#name} epsilon`, epsilons.slice(2 * range.from, 2 * range.to + 1), MOST_EPSILON),
      ...(config.normPlace === "before" && streamFactors(scales, range, output.matrix.shift, down.matrix.shift, this.#name)),
      ...(squares && { channelSquares: squares }),
    };
  }

  #shift(part: Part): number {
    const known = this.#shifts.get(part) ?? shiftOf(`${this.#name} ${part}`, this.#mappings[part]);
    this.#shifts.set(part, known);
    return known;
  }

  #mappingsOf(): Readonly<Record<Part, Mapping>> {
    const { config, norms } = this.#model;
    const scales = this.#scales;
    const fromNorm = this.#fromNorm;
    const flat = (magnitudes: readonly (readonly number[])[]) => (l: number, o: number) =>
      config.queryKeyNorm ? mostFlat(config) / (magnitudes[l]?.[Math.floor(o / config.headWidth)] ?? 1) : this.#scoreScale;
    const value = (l: number, c: number) => 2 ** (scales.valueExponents[l]?.[c] ?? 0);
    const members = config.heads / config.keyHeads;
    /** The channel of the key heads that a channel of the query heads is a mean of. */
    const mixed = (i: number) => Math.floor(i / (members * config.headWidth)) * config.headWidth + (i % config.headWidth);
    const feed = feedExponent(config, scales);
    const residual = (site: number) => 2 ** (scales.residualExponents[site] ?? 0);
    const ratio = (site: number) => residual(site) / 2 ** scales.normExponent;
    const written = (after: 1 | 2) => (l: number, c: number) => residual(2 * l + after) / 2 ** (scales.channelShifts[c] ?? 0);
    const toStream = {
      // the difference of two states, shifted, or the state alone, shares a constraint with the accumulator
      mostShift: Math.min(MAX_SHIFT, (config.normPlace === "before" ? 29 : 30) - scales.residualBits),
      skipLimit: config.normPlace === "after" ? fromNorm.inputLimit : 0,
      skipLength: normLength(config, scales),
    };
    const flatLimit = config.queryKeyNorm ? mostFlat(config) : scales.queryLimit;
    const mappings: Readonly<Record<Part, Omit<Mapping, "layers">>> = {
      query: { ...fromNorm, outputScale: flat(scales.queryMagnitudes), mostShift: shiftFor(flatLimit) },
      key: { ...fromNorm, outputScale: flat(scales.keyMagnitudes), mostShift: shiftFor(flatLimit) },
      value: { ...fromNorm, outputScale: value, mostShift: shiftFor(2 ** (scales.valueBits - 1)) },
      output: {
        inputScale: (l, i) => value(l, mixed(i)),
        inputLimit: 2 ** (scales.valueBits - 1) + 2 ** (scales.valueBits / 2),
        inputLength: { most: limbsLength(mixedBits(scales), config.heads * config.headWidth) },
        ...toStream,
        outputScale: written(1),
        skip: (l) => skipOf(norms[2 * l]!, config, ratio(2 * l + 1)),
      },
      gate: { ...fromNorm, outputScale: () => 2 ** scales.gateExponent, mostShift: shiftFor(2 ** (scales.gateBits - 1)) },
      up: {
        ...fromNorm,
        outputScale: (l, f) => 2 ** (scales.upExponents[l]?.[f] ?? 0),
        mostShift: shiftFor(2 ** (scales.upBits - 1)),
      },
      down: {
        inputScale: (l, f) => 2 ** feed(l, f),
        inputLimit: 2 ** (scales.feedBits - 1) + 2 ** FEED_LOW_BITS,
        inputLength: { most: limbsLength(feedLimbs(scales), config.hidden) },
        ...toStream,
        outputScale: written(2),
        skip: (l) => skipOf(norms[2 * l + 1]!, config, ratio(2 * l + 2)),
      },
    };
    const tensors = layerTensors(this.#model);
    const isCentred = normalised(config);
    const entries = PARTS.map((part) => [part, { ...mappings[part], layers: tensors[part].map((rows) => () => rows(isCentred)) }]);
    return Object.fromEntries(entries) as Record<Part, Mapping>;
  }

  /** Gains on the scale of turned values, whose sums of two products stay inside the accumulator, and epsilons on the scales of the heads. */
  #headNorm(which: "queryGain" | "keyGain", magnitudes: readonly (readonly number[])[], { from, to }: LayerRange): HeadNorm {
    const { config, layers } = this.#model;
    const gains = layers.map((layer) => Float64Array.from(layer[which]?.data ?? []));
    const largest = gains.reduce((m, gain) => gain.reduce((n, g) => Math.max(n, Math.abs(g)), m), 2 ** -20);
    const scale = this.#scoreScale / 2 ** HEAD_NORM_EXPONENT;
    const most = ACCUMULATOR / (2 * (headNumerator(config) + 2));
    let shift = 1;
    while (shift < ROTATION_BITS && largest * scale * 2 ** (shift + 1) + 1 <= most) shift++;
    const epsilon = (magnitude: number) => {
      const unit = mostFlat(config) / magnitude;
      return Math.min(MOST_HEAD_EPSILON, Math.max(1, Math.round(config.epsilon * config.headWidth * unit * unit)));
    };
    return {
      gain: joined(
        gains.slice(from, to).map((gain) =>
          integersOf(
            `${this.#name} ${which}`,
            gain.map((g) => g * scale * 2 ** shift),
          ),
        ),
      ),
      epsilon: joined(magnitudes.slice(from, to).map((heads) => Int32Array.from(heads, epsilon))),
      shift,
    };
  }
}

/** How much the state before a part counts, where steps become coarser in some layer. @throws ModelError if they do by more than a shift */
function streamFactors(
  { residualExponents }: TransformerScales,
  { from, to }: LayerRange,
  output: number,
  down: number,
  name: string,
): Pick<TransformerProgram, "streamFactors"> {
  const steps = (site: 0 | 1, shift: number) =>
    Array.from({ length: residualExponents.length >> 1 }, (_, l) => {
      const finer = (residualExponents[2 * l + site] ?? 0) - (residualExponents[2 * l + site + 1] ?? 0);
      if (finer < 0 || finer > shift)
        throw new ModelError(`${name} has steps of the residual stream that change by 2^${finer} in layer ${l}`);
      return 2 ** (shift - finer);
    });
  const [outputs, downs] = [steps(0, output), steps(1, down)];
  if (outputs.every((p) => p === 2 ** output) && downs.every((p) => p === 2 ** down)) return {};
  return { streamFactors: { output: Int32Array.from(outputs.slice(from, to)), down: Int32Array.from(downs.slice(from, to)) } };
}

/** The largest shift at which an output of a limit shares a constraint with an accumulator. */
function shiftFor(limit: number): number {
  return Math.max(1, Math.min(MAX_SHIFT, Math.floor(Math.log2(ACCUMULATOR / limit))));
}

/** Weights of the channels' squares, if not all are 1. */
function channelSquares({ channelShifts }: TransformerScales): Int32Array | undefined {
  return channelShifts.some((k) => k > 0) ? Int32Array.from(channelShifts, (k) => 4 ** k) : undefined;
}

/** The gain that a stream's normalised values have, and the mean that they are to lose, times a scale. */
function skipOf({ gain }: Norm, { norm, width }: TransformerConfig, scale: number) {
  const gains = Float64Array.from(gain.data, (g) => g * scale);
  return { gain: gains, mean: norm === "layer" ? gains.map((g) => -g / width) : new Float64Array(width) };
}

/** Whether the stream's mean is 0. */
function normalised({ norm }: TransformerConfig): boolean {
  return norm === "layer";
}

function embeddings(
  model: Transformer,
  { residualExponents: [exponent = 0], residualBits, channelShifts }: TransformerScales,
  name: string,
) {
  const { config, embedding, positionEmbedding } = model;
  const { width } = config;
  const limit = 2 ** (residualBits - 1);
  const table = (of: ArrayLike<number>): Int32Array => {
    const out = new Int32Array(of.length);
    for (let row = 0; row < of.length; row += width) {
      let mean = 0;
      if (normalised(config)) for (let c = 0; c < width; c++) mean += of[row + c]! / width;
      for (let c = 0; c < width; c++) {
        const q = Math.round((of[row + c]! - mean) * 2 ** (exponent - (channelShifts[c] ?? 0)));
        if (!(q >= -limit && q < limit)) throw new ModelError(`${name} has the embedding ${of[row + c]}, outside ${residualBits} bits`);
        out[row + c] = q;
      }
    }
    return out;
  };
  return { embedding: table(embedding.data), ...(positionEmbedding && { positionEmbedding: table(positionEmbedding.data) }) };
}

/** The language-model head with the last norm's gain and bias. */
function quantizeHead({ config, head, norms }: Transformer, fromNorm: Pick<Mapping, "inputScale" | "inputLimit" | "inputLength">) {
  if (!head) return { head: new Int32Array(), headExponent: 0 };
  const rows = scaledRows(
    folded(head, norms[2 * config.layers]!),
    () => 1,
    (i) => 1 / fromNorm.inputScale(0, i),
  );
  const hasBias = head.bias !== undefined || norms[2 * config.layers]!.bias !== undefined;
  const mapping: Mapping = { layers: [], outputScale: () => 1, ...fromNorm };
  const norm = largestSum(rows, mapping, 0, 1);
  let exponent = 1;
  while (exponent < MAX_HEAD_EXPONENT && norm * 2 ** exponent <= 2 ** LOGIT_BITS) exponent++;
  for (; exponent > 0; exponent--) {
    const { weight, bias, most } = roundedLayer(rows, mapping, 0, 2 ** exponent);
    if (most < 2 ** LOGIT_BITS) return { head: weight, ...(hasBias && { headBias: bias }), headExponent: exponent };
  }
  throw new ModelError("The language-model head does not fit its accumulator");
}

/** The last norm's gain and bias on an encoder's final values. */
function finalOf({ gain, bias }: Norm, scales: TransformerScales, normLimit: number, name: string): FinalValues {
  const { finalExponent: exponent, normExponent } = scales;
  const gains = gain.data;
  const biases = bias?.data ?? new Float64Array(gains.length);
  const gainAt = (shift: number) => Float64Array.from(gains, (g) => g * 2 ** (exponent - normExponent + shift));
  const biasAt = (shift: number) => Float64Array.from(biases, (b) => b * 2 ** (exponent + shift));
  const fits = (shift: number) => {
    const bias = biasAt(shift);
    return gainAt(shift).every((g, c) => Math.abs(Math.round(g)) * normLimit + Math.abs(Math.round(bias[c]!)) <= ACCUMULATOR);
  };
  let shift = 30 - FINAL_BITS;
  while (shift > 1 && !fits(shift)) shift--;
  return { gain: integersOf(`${name} final gain`, gainAt(shift)), bias: integersOf(`${name} final bias`, biasAt(shift)), shift, exponent };
}
