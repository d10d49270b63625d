import { expect, test } from "vitest";
import { loadMnist } from "./data.ts";
import { conv, gemm, type Layer, pool, relu } from "./layers.ts";
import { matrix, multiplyAdd, transposed } from "./matmul.ts";
import { crossEntropy, seededRandom } from "./optimizer.ts";

const random = seededRandom(7);
const noise = (length: number) => Float64Array.from({ length }, () => 2 * random() - 1);

test("the product adds to c, at sizes with and without full blocks, and through transposed views", () => {
  for (const [rows, columns, inner] of [
    [4, 8, 3],
    [5, 6, 7],
    [1, 9, 4],
    [3, 1, 2],
    [12, 10, 1],
  ] as const) {
    const integer = (length: number) => Float64Array.from({ length }, () => Math.floor(random() * 21) - 10);
    const a = integer(rows * inner);
    const b = integer(inner * columns);
    const c = integer(rows * columns);
    const expected = c.map((value, i) => {
      for (let k = 0; k < inner; k++) value += a[Math.floor(i / columns) * inner + k]! * b[k * columns + (i % columns)]!;
      return value;
    });
    multiplyAdd(c, rows, columns, inner, matrix(a, inner), transposed(matrix(b, columns)));
    expect(c).toEqual(expected);
  }
});

test("a convolution agrees with its definition", () => {
  const layer = conv("c", 2, 3, 4, 3, false);
  const [weight, bias] = layer.parameters;
  for (const p of layer.parameters) p.values.set(noise(p.values.length));
  const x = noise(2 * 16);
  const y = layer.forward(x);
  for (let out = 0; out < 3; out++)
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 4; column++) {
        let sum = bias!.values[out]!;
        for (let channel = 0; channel < 2; channel++)
          for (let i = 0; i < 3; i++)
            for (let j = 0; j < 3; j++) {
              const [r, c] = [row + i - 1, column + j - 1];
              if (r >= 0 && r < 4 && c >= 0 && c < 4)
                sum += weight!.values[((out * 2 + channel) * 3 + i) * 3 + j]! * x[channel * 16 + r * 4 + c]!;
            }
        expect(y[out * 16 + row * 4 + column]).toBeCloseTo(sum, 12);
      }
});

const layers: [string, () => Layer, number][] = [
  ["conv", () => conv("c", 2, 3, 4, 3, false), 32],
  ["relu", () => relu(9), 9],
  ["average pool", () => pool("average", 2, 4), 32],
  ["max pool", () => pool("max", 2, 4), 32],
  ["gemm", () => gemm("g", 6, 5), 6],
];

test.each(layers)("gradients of %s are the difference quotients", (_, make, inputs) => {
  const layer = make();
  for (const p of layer.parameters) p.values.set(noise(p.values.length));
  const x = noise(inputs);
  const dy = noise(layer.forward(x).length);
  const objective = () => layer.forward(x).reduce((sum, y, i) => sum + y * dy[i]!, 0);
  objective();
  const dx = layer.backward(dy).slice();
  for (const [values, gradient] of [[x, dx] as const, ...layer.parameters.map((p) => [p.values, p.gradient] as const)]) {
    expect(gradient.some((g) => g !== 0)).toBe(true);
    values.forEach((value, i) => {
      values[i] = value + 1e-6;
      const above = objective();
      values[i] = value - 1e-6;
      const below = objective();
      values[i] = value;
      expect(gradient[i]).toBeCloseTo((above - below) / 2e-6, 6);
    });
  }
});

test("the cross-entropy of equal scores is log n, its gradient the softmax minus the label", () => {
  const { loss, gradient } = crossEntropy(new Float64Array(4), 2);
  expect(loss).toBeCloseTo(Math.log(4), 12);
  expect(Array.from(gradient)).toEqual([0.25, 0.25, -0.75, 0.25]);
});

test("the data set has its known sizes, first labels and first image sum", () => {
  const { images, labels } = loadMnist("test");
  expect(images.length).toBe(7_840_000);
  expect(Array.from(labels.subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  expect(images.subarray(0, 784).reduce((a, b) => a + b, 0)).toBe(18_454);
});
