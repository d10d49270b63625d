/** Layers of a small float network with their gradients, one image at a time, in doubles. Activations are row-major channel x row x column. */
import { matrix, multiplyAdd, transposed } from "./matmul.ts";

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
  /** Sum over the images since the caller last cleared it. */
  readonly gradient: Float64Array;
}

export interface Layer {
  readonly parameters: readonly Parameter[];
  /** The result belongs to the layer until the next call. */
  forward(x: Float64Array): Float64Array;
  /** Adds to the parameters' gradients; takes and returns the loss's gradient by the layer's last output and input. The result as above. */
  backward(dy: Float64Array): Float64Array;
}

const parameter = (name: string, shape: readonly number[]): Parameter => {
  const size = shape.reduce((product, s) => product * s, 1);
  return { name, shape, values: new Float64Array(size), gradient: new Float64Array(size) };
};

/** Convolution, odd square kernel, stride 1, padded to keep the size. `first`: nothing learns before it, so backward returns no gradient. */
export function conv(name: string, inChannels: number, outChannels: number, size: number, kernel: number, first: boolean): Layer {
  const weight = parameter(`${name}.weight`, [outChannels, inChannels, kernel, kernel]);
  const bias = parameter(`${name}.bias`, [outChannels]);
  const taps = inChannels * kernel * kernel;
  const cells = size * size;
  // Tap-major: every kernel tap has one shifted copy of the input.
  const patches = new Float64Array(taps * cells);
  const dPatches = new Float64Array(first ? 0 : taps * cells);
  const y = new Float64Array(outChannels * cells);
  const dx = new Float64Array(first ? 0 : inChannels * cells);
  const weights = matrix(weight.values, taps);

  /** Calls copy(patch position, image position, length) for every run of cells that a tap reads inside the image. */
  const eachRun = (run: (patch: number, image: number, length: number) => void): void => {
    const reach = (kernel - 1) / 2;
    for (let tap = 0; tap < taps; tap++) {
      const channel = Math.floor(tap / (kernel * kernel));
      const down = (Math.floor(tap / kernel) % kernel) - reach;
      const right = (tap % kernel) - reach;
      const left = Math.max(0, -right);
      const length = size - Math.abs(right);
      for (let row = Math.max(0, -down); row < Math.min(size, size - down); row++)
        run(tap * cells + row * size + left, channel * cells + (row + down) * size + left + right, length);
    }
  };

  return {
    parameters: [weight, bias],
    forward(x) {
      eachRun((patch, image, length) => {
        for (let k = 0; k < length; k++) patches[patch + k] = x[image + k]!;
      });
      for (let c = 0; c < outChannels; c++) y.fill(bias.values[c]!, c * cells, (c + 1) * cells);
      multiplyAdd(y, outChannels, cells, taps, weights, transposed(matrix(patches, cells)));
      return y;
    },
    backward(dy) {
      for (let i = 0; i < dy.length; i++) bias.gradient[Math.floor(i / cells)]! += dy[i]!;
      multiplyAdd(weight.gradient, outChannels, taps, cells, matrix(dy, cells), matrix(patches, cells));
      if (first) return dx;
      dPatches.fill(0);
      multiplyAdd(dPatches, taps, cells, outChannels, transposed(weights), transposed(matrix(dy, cells)));
      dx.fill(0);
      eachRun((patch, image, length) => {
        for (let k = 0; k < length; k++) dx[image + k]! += dPatches[patch + k]!;
      });
      return dx;
    },
  };
}

/** max(x, 0). */
export function relu(length: number): Layer {
  const y = new Float64Array(length);
  const dx = new Float64Array(length);
  return {
    parameters: [],
    forward(x) {
      for (let i = 0; i < length; i++) y[i] = Math.max(x[i]!, 0);
      return y;
    },
    backward(dy) {
      for (let i = 0; i < length; i++) dx[i] = y[i]! > 0 ? dy[i]! : 0;
      return dx;
    },
  };
}

/** Mean or largest of each 2 x 2 window, stride 2; `size` is even. The gradient of a largest goes to its first position. */
export function pool(kind: "average" | "max", channels: number, size: number): Layer {
  const half = size / 2;
  const y = new Float64Array(channels * half * half);
  const source = new Int32Array(y.length);
  const dx = new Float64Array(channels * size * size);
  const corner = (i: number) => 2 * size * Math.floor(i / half) + 2 * (i % half);
  const offsets = [0, 1, size, size + 1];
  return {
    parameters: [],
    forward(x) {
      for (let i = 0; i < y.length; i++) {
        const at = corner(i);
        if (kind === "average") y[i] = (x[at]! + x[at + 1]! + x[at + size]! + x[at + size + 1]!) / 4;
        else {
          let best = at;
          for (const offset of offsets) if (x[at + offset]! > x[best]!) best = at + offset;
          source[i] = best;
          y[i] = x[best]!;
        }
      }
      return y;
    },
    backward(dy) {
      dx.fill(0);
      for (let i = 0; i < y.length; i++)
        if (kind === "max") dx[source[i]!] = dy[i]!;
        else for (const offset of offsets) dx[corner(i) + offset] = dy[i]! / 4;
      return dx;
    },
  };
}

/** weight x + bias, weight: outputs x inputs. */
export function gemm(name: string, inputs: number, outputs: number): Layer {
  const weight = parameter(`${name}.weight`, [outputs, inputs]);
  const bias = parameter(`${name}.bias`, [outputs]);
  const y = new Float64Array(outputs);
  const dx = new Float64Array(inputs);
  let last: Float64Array = dx;
  return {
    parameters: [weight, bias],
    forward(x) {
      last = x;
      y.set(bias.values);
      multiplyAdd(y, outputs, 1, inputs, matrix(weight.values, inputs), matrix(x, inputs));
      return y;
    },
    backward(dy) {
      for (let i = 0; i < outputs; i++) bias.gradient[i]! += dy[i]!;
      multiplyAdd(weight.gradient, outputs, inputs, 1, matrix(dy, 1), matrix(last, 1));
      dx.fill(0);
      multiplyAdd(dx, inputs, 1, outputs, transposed(matrix(weight.values, inputs)), matrix(dy, outputs));
      return dx;
    },
  };
}
