/** Small programs that together use every operator, in all ways in which its columns are made. */
import type { IntegerNode } from "../ops/index.ts";
import type { Rounding } from "../ops/requantize.ts";
import { base, tensor } from "./operators.ts";

export interface OperatorCase {
  readonly name: string;
  readonly shape: readonly number[];
  readonly nodes: readonly IntegerNode[];
  /** Cells of the last value. */
  readonly cells: number;
}

const steepTanh = { function: "tanh", inputExponent: 3, outputExponent: 5 } as const;
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
  rounding: { shift: 1, bits: 6, map: steepTanh },
};
const relu: IntegerNode = { kind: "relu", ...base("r", "x"), rounding: { shift: 0, bits: 6, map: "relu" } };

const product = (rounding: Rounding): IntegerNode => ({
  kind: "matmul",
  ...base("d", "x"),
  weight: tensor([4, 5], -9, 9, 7),
  bias: null,
  weightExponent: 0,
  rounding,
});

export const OPERATOR_CASES: readonly OperatorCase[] = (
  [
    ["a padded, strided, dilated convolution", [2, 5, 6], [conv(padded, "relu")], 3 * 3 * 5],
    [
      "pooling inside the image",
      [2, 4, 6],
      [conv(plain, "relu"), { kind: "maxpool", ...base("m", "c"), window: { ...plain, strides: [1, 1] } }],
      3 * 1 * 2,
    ],
    ["max pooling over the border", [2, 5, 6], [{ kind: "maxpool", ...base("m", "x"), window: padded }], 2 * 3 * 5],
    ["average pooling over the border", [2, 5, 6], [{ kind: "averagepool", ...base("m", "x"), window: padded }], 2 * 3 * 5],
    ["a saturating product", [3, 5], [product({ shift: 1, bits: 6, map: "none", high: 4 })], 12],
    ["a saturating product, cut at zero", [3, 5], [product({ shift: 1, bits: 6, map: "relu", high: 4 })], 12],
    ["a saturating product before a function", [3, 5], [product({ shift: 1, bits: 6, map: steepTanh, high: 4 })], 12],
    ["a product in limbs", [3, 5], [product({ shift: 10, bits: 12, map: "none" })], 12],
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
  ] satisfies [string, readonly number[], readonly IntegerNode[], number][]
).map(([name, shape, nodes, cells]) => ({ name, shape, nodes, cells }));
