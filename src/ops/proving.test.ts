/** Every operator through the whole engine: what it lowers to is proven and verified. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { base, checkNodes, proveAndVerify, tensor } from "../testing/operators.ts";
import type { IntegerNode } from "./index.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await cpuBackend({ threads: 1 });
});
afterAll(() => backend.close());

const padded = { kernel: [3, 2], strides: [2, 1], dilations: [1, 2], padsBefore: [1, 0], padsAfter: [1, 1] } as const;
const plain = { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], padsBefore: [0, 0], padsAfter: [0, 0] } as const;
const conv = (window: typeof padded | typeof plain, map: "relu" | "none"): IntegerNode => ({
  kind: "conv",
  ...base("c", "x"),
  window,
  weight: tensor([3, 2, ...window.kernel], -6, 6, 1),
  bias: tensor([3], -9, 9, 2),
  weightExponent: 0,
  rounding: { shift: 2, bits: 11, map },
});
const tanh: IntegerNode = {
  kind: "activation",
  ...base("t", "x"),
  rounding: { shift: 1, bits: 6, map: { function: "tanh", inputExponent: 3, outputExponent: 5 } },
};
const relu: IntegerNode = { kind: "relu", ...base("r", "x"), rounding: { shift: 0, bits: 6, map: "relu" } };

const saturating: IntegerNode = {
  kind: "matmul",
  ...base("d", "x"),
  weight: tensor([4, 5], -9, 9, 7),
  bias: null,
  weightExponent: 0,
  rounding: { shift: 1, bits: 6, map: "none", high: 4 },
};

const cases: readonly (readonly [string, readonly number[], readonly IntegerNode[], number])[] = [
  ["a padded, strided, dilated convolution", [2, 5, 6], [conv(padded, "relu")], 3 * 3 * 5],
  [
    "pooling inside the image",
    [2, 4, 6],
    [conv(plain, "relu"), { kind: "maxpool", ...base("m", "c"), window: { ...plain, strides: [1, 1] } }],
    3 * 1 * 2,
  ],
  ["max pooling over the border", [2, 5, 6], [{ kind: "maxpool", ...base("m", "x"), window: padded }], 2 * 3 * 5],
  ["average pooling over the border", [2, 5, 6], [{ kind: "averagepool", ...base("m", "x"), window: padded }], 2 * 3 * 5],
  ["a saturating product", [3, 5], [saturating], 12],
  [
    "a residual sum after a function table",
    [2, 3],
    [tanh, relu, { kind: "add", ...base("s", "t", "r"), scales: [0, 2], constant: null, rounding: { shift: 1, bits: 10, map: "none" } }],
    6,
  ],
  [
    "a constant sum of a transposed image",
    [2, 3, 4],
    [
      { kind: "transpose", ...base("p", "x"), permutation: [1, 2, 0] },
      {
        kind: "add",
        ...base("s", "p"),
        scales: [1, 0],
        constant: tensor([3, 1, 2], -9, 9, 5),
        rounding: { shift: 0, bits: 9, map: "relu" },
      },
    ],
    24,
  ],
];

it.each(cases)("%s is proven", async (_, shape, nodes, cells) => {
  const input = tensor([...shape], -30, 31, 6);
  const { compiled } = checkNodes(nodes, input, [-30, 31], cells);
  const { index, expected } = await proveAndVerify(compiled, input, backend);
  expect(index).toBe(expected);
});
