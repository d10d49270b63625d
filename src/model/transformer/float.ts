/** A transformer in double precision, with a cache of keys and values: what the integer model is compared with. */
import type { FloatTensor } from "../../tensor/tensor.ts";
import type { Activation, Linear, Norm, RotaryPositions, Transformer, TransformerConfig } from "./model.ts";

/**
 * Sees the values of a position: for calibration. `index` is the layer's number, or the site's for "state": the residual stream as it is normalised there, with the
 * mean subtracted where the norm does so.
 */
export type Observer = (name: string, index: number, values: Float64Array) => void;

/** Reads tokens: one after the other in a causal model, a whole text at once in an encoder. All weights are in memory while it lives. */
export class FloatTransformer {
  readonly #model: Transformer;
  readonly #keys: Float64Array[][];
  readonly #values: Float64Array[][];
  readonly #observe: Observer;
  #position = 0;

  constructor(model: Transformer, observe: Observer = () => undefined) {
    this.#model = loaded(model);
    this.#keys = model.layers.map(() => []);
    this.#values = model.layers.map(() => []);
    this.#observe = observe;
  }

  /** The logits after one more token. */
  step(token: number): Float64Array {
    return this.read([token])[0]!;
  }

  /** After every token the logits, or an encoder's final values. */
  read(tokens: readonly number[]): Float64Array[] {
    const { config, layers, head } = this.#model;
    const first = this.#position;
    let states = tokens.map((token, i) => this.#embed(token, first + i));
    let normed = states.map((x) => this.#normalize(0, x));
    const part = (site: number, compute: (normed: Float64Array[]) => Float64Array[]): void => {
      const from = config.normPlace === "before" ? states : normed;
      const added = compute(normed);
      states = added.map((y, i) => y.map((v, c) => v + from[i]![c]!));
      normed = states.map((x) => this.#normalize(site + 1, x));
    };
    layers.forEach((layer, l) => {
      part(2 * l, (rows) => this.#attend(rows, l).map((mixed) => apply(layer.output, mixed)));
      part(2 * l + 1, (rows) => rows.map((y) => this.#feed(y, l)));
    });
    this.#position += tokens.length;
    if (head === undefined) return normed;
    const logits = normed.map((y) => apply(head, y));
    for (const row of logits) this.#observe("logits", config.layers, row);
    return logits;
  }

  #embed(token: number, position: number): Float64Array {
    const { config, embedding, positionEmbedding } = this.#model;
    const row = (of: FloatTensor, index: number) => of.data.subarray(index * config.width, (index + 1) * config.width);
    const x = Float64Array.from(row(embedding, token));
    if (positionEmbedding) row(positionEmbedding, position).forEach((v, c) => (x[c] = x[c]! + v));
    return x;
  }

  /** Gain times x / sqrt(mean(x^2) + epsilon), and bias; x less its mean for a layer norm. */
  #normalize(site: number, state: Float64Array): Float64Array {
    const { config, norms } = this.#model;
    const mean = config.norm === "layer" ? state.reduce((sum, v) => sum + v, 0) / state.length : 0;
    const x = mean === 0 ? state : state.map((v) => v - mean);
    this.#observe("state", site, x);
    return normalize(x, norms[site]!, config.epsilon);
  }

  /** Softmax attention of every head over all positions so far, or over all that there are. */
  #attend(rows: readonly Float64Array[], l: number): Float64Array[] {
    const { config, layers } = this.#model;
    const { heads, keyHeads, headWidth } = config;
    const layer = layers[l]!;
    const first = this.#position;
    const [keys, values] = [this.#keys[l]!, this.#values[l]!];
    const queries = rows.map((y, i) => {
      const v = apply(layer.value, y);
      this.#observe("value", l, v);
      values.push(v);
      keys.push(this.#turned("key", apply(layer.key, y), layer.keyGain, l, first + i));
      return this.#turned("query", apply(layer.query, y), layer.queryGain, l, first + i);
    });
    return queries.map((q, i) => {
      const out = new Float64Array(heads * headWidth);
      const seen = config.attention === "causal" ? first + i + 1 : keys.length;
      for (let h = 0; h < heads; h++) {
        const from = Math.floor((h * keyHeads) / heads) * headWidth;
        const scores = Float64Array.from({ length: seen }, (_, j) => {
          let sum = 0;
          for (let d = 0; d < headWidth; d++) sum += q[h * headWidth + d]! * keys[j]![from + d]!;
          return sum / Math.sqrt(headWidth);
        });
        const most = scores.reduce((a, b) => Math.max(a, b));
        const e = scores.map((s) => Math.exp(s - most));
        const total = e.reduce((a, b) => a + b);
        e.forEach((weight, j) => {
          for (let d = 0; d < headWidth; d++) out[h * headWidth + d] = out[h * headWidth + d]! + (weight / total) * values[j]![from + d]!;
        });
      }
      this.#observe("mixed", l, out);
      return out;
    });
  }

  /** Queries or keys of all heads, normalised and turned by the position. */
  #turned(name: "query" | "key", flat: Float64Array, gain: FloatTensor | undefined, l: number, position: number): Float64Array {
    const { config } = this.#model;
    if (gain) {
      this.#observe(`${name} flat`, l, flat);
      for (let at = 0; at < flat.length; at += config.headWidth) {
        const head = flat.subarray(at, at + config.headWidth);
        head.set(normalize(head, { gain }, config.epsilon));
      }
    }
    if (config.positions.kind === "rotary") rotate(flat, position, config, config.positions);
    this.#observe(name, l, flat);
    return flat;
  }

  #feed(y: Float64Array, l: number): Float64Array {
    const { config, layers } = this.#model;
    const { gate, up, down } = layers[l]!;
    const gates = apply(gate, y);
    this.#observe("gate", l, gates);
    const activated = gates.map(ACTIVATIONS[config.activation]);
    if (!up) {
      this.#observe("feed", l, activated);
      return apply(down, activated);
    }
    const ups = apply(up, y);
    this.#observe("up", l, ups);
    const gated = activated.map((g, i) => g * ups[i]!);
    this.#observe("feed", l, gated);
    return apply(down, gated);
  }
}

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  silu: (x) => x / (1 + Math.exp(-x)),
  relu: (x) => Math.max(0, x),
  gelu: (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  "gelu-tanh": (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

/** The error function, by its series, or by a continued fraction for large arguments. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let [sum, power] = [a, a];
    for (let n = 1; Math.abs(power) > 1e-17; n++) {
      power *= (-a * a) / n;
      sum += power / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

/** Turns the pairs (2p, 2p + 1) of every head. */
function rotate(x: Float64Array, position: number, { headWidth }: TransformerConfig, { theta, scaling }: RotaryPositions): void {
  for (let i = 0; i < x.length; i += 2) {
    let frequency = theta ** (-(i % headWidth) / headWidth);
    if (scaling) {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
      const smooth = Math.min(1, Math.max(0, ((originalContext * frequency) / (2 * Math.PI) - low) / (high - low)));
      frequency *= smooth + (1 - smooth) / factor;
    }
    const angle = position * frequency;
    const [a, b, c, s] = [x[i]!, x[i + 1]!, Math.cos(angle), Math.sin(angle)];
    x[i] = a * c - b * s;
    x[i + 1] = a * s + b * c;
  }
}

/** gain x / sqrt(mean(x^2) + epsilon) + bias. */
function normalize(x: Float64Array, { gain, bias }: Norm, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + epsilon);
  return x.map((v, i) => v * scale * gain.data[i]! + (bias?.data[i] ?? 0));
}

/** W x + b. */
function apply({ weight, bias }: Linear, x: Float64Array): Float64Array {
  const [outputs = 0, inputs = 0] = weight.shape;
  const { data } = weight;
  const out = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = bias?.data[o] ?? 0;
    for (let i = 0, at = o * inputs; i < inputs; i++, at++) sum += data[at]! * x[i]!;
    out[o] = sum;
  }
  return out;
}

/** The model with its tensors in memory. */
function loaded(model: Transformer): Transformer {
  const known = new Map<FloatTensor, FloatTensor>();
  const tensor = (of: FloatTensor): FloatTensor => {
    const copy = known.get(of) ?? { shape: of.shape, data: of.data };
    known.set(of, copy);
    return copy;
  };
  const deep = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(deep);
    if ("data" in value && "shape" in value) return tensor(value as FloatTensor);
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, deep(part)]));
  };
  return { ...(deep({ ...model, config: undefined }) as Transformer), config: model.config };
}

/** Index of the largest value, the lowest among equals. */
export function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** The greedy continuation of tokens by `count` more. @throws RangeError for an empty prompt */
export function continueGreedily(step: (token: number) => ArrayLike<number>, prompt: readonly number[], count: number): number[] {
  if (prompt.length === 0) throw new RangeError("Cannot continue an empty prompt: it has at least the begin token");
  const tokens = [...prompt];
  for (let i = 0; i < prompt.length + count - 1; i++) {
    const logits = step(tokens[i]!);
    if (i >= prompt.length - 1) tokens.push(largest(logits));
  }
  return tokens;
}
