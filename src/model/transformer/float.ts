/** The decoder in double precision, one position at a time with a cache of keys and values: what the integer model is compared with. */
import type { FloatTensor } from "../../tensor/tensor.ts";
import type { Llama } from "./llama.ts";

/** Sees the values of a position: for calibration. `layer` is the layer's number, or that of layers for what follows them. */
export type Observer = (name: string, layer: number, values: Float64Array) => void;

export class FloatDecoder {
  readonly #model: Llama;
  readonly #keys: Float64Array[][];
  readonly #values: Float64Array[][];
  readonly #observe: Observer;
  #position = 0;

  constructor(model: Llama, observe: Observer = () => undefined) {
    this.#model = model;
    this.#keys = model.layers.map(() => []);
    this.#values = model.layers.map(() => []);
    this.#observe = observe;
  }

  /** The logits after one more token. */
  step(token: number): Float64Array {
    const { config, layers, embedding, norm, head } = this.#model;
    const observe = this.#observe;
    const x = Float64Array.from(embedding.data.subarray(token * config.width, (token + 1) * config.width));
    layers.forEach((layer, l) => {
      observe("residual", l, x);
      const y = normalize(x, layer.attentionNorm, config.epsilon);
      const q = multiply(layer.query, y);
      const k = multiply(layer.key, y);
      const v = multiply(layer.value, y);
      this.#rotate(q);
      this.#rotate(k);
      observe("query", l, q);
      observe("key", l, k);
      observe("value", l, v);
      this.#keys[l]!.push(k);
      this.#values[l]!.push(v);
      const mixed = this.#attend(q, l);
      observe("mixed", l, mixed);
      accumulate(x, multiply(layer.output, mixed));
      observe("middle", l, x);
      const z = normalize(x, layer.feedNorm, config.epsilon);
      const gate = multiply(layer.gate, z);
      const up = multiply(layer.up, z);
      observe("gate", l, gate);
      observe("up", l, up);
      const gated = gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
      observe("gated", l, gated);
      accumulate(x, multiply(layer.down, gated));
    });
    observe("residual", config.layers, x);
    this.#position++;
    const logits = multiply(head, normalize(x, norm, config.epsilon));
    observe("logits", config.layers, logits);
    return logits;
  }

  /** Softmax attention of every head over all positions so far. */
  #attend(q: Float64Array, l: number): Float64Array {
    const { heads, keyHeads, headWidth } = this.#model.config;
    const [keys, values] = [this.#keys[l]!, this.#values[l]!];
    const out = new Float64Array(heads * headWidth);
    for (let h = 0; h < heads; h++) {
      const from = Math.floor((h * keyHeads) / heads) * headWidth;
      const scores = Float64Array.from(keys, (key) => {
        let sum = 0;
        for (let d = 0; d < headWidth; d++) sum += q[h * headWidth + d]! * key[from + d]!;
        return sum / Math.sqrt(headWidth);
      });
      this.#observe("score", l, scores);
      const most = scores.reduce((a, b) => Math.max(a, b));
      const e = scores.map((s) => Math.exp(s - most));
      const total = e.reduce((a, b) => a + b);
      values.forEach((value, j) => {
        for (let d = 0; d < headWidth; d++) out[h * headWidth + d] = out[h * headWidth + d]! + (e[j]! / total) * value[from + d]!;
      });
    }
    return out;
  }

  /** Turns the pairs (2p, 2p + 1) of every head by position * theta^(-2p / headWidth). */
  #rotate(x: Float64Array): void {
    const { headWidth, theta } = this.#model.config;
    for (let i = 0; i < x.length; i += 2) {
      const angle = this.#position * theta ** (-(i % headWidth) / headWidth);
      const [a, b, c, s] = [x[i]!, x[i + 1]!, Math.cos(angle), Math.sin(angle)];
      x[i] = a * c - b * s;
      x[i + 1] = a * s + b * c;
    }
  }
}

/** x gain / sqrt(mean(x^2) + epsilon). */
function normalize(x: Float64Array, gain: FloatTensor, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + epsilon);
  return x.map((v, i) => v * scale * gain.data[i]!);
}

function multiply({ shape: [outputs = 0, inputs = 0], data }: FloatTensor, x: Float64Array): Float64Array {
  const out = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += data[o * inputs + i]! * x[i]!;
    out[o] = sum;
  }
  return out;
}

function accumulate(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i]! + y[i]!;
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
