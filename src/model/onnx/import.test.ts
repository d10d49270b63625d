import { describe, expect, it } from "vitest";
import { ModelError } from "../../errors.ts";
import { sizeOf, floatTensor as tensorOf } from "../../tensor/tensor.ts";
import { runFloat } from "../float.ts";
import type { FloatGraph } from "../graph.ts";
import { importOnnx } from "./import.ts";
import {
  ATTRIBUTE_TYPE,
  type AttributeProto,
  DATA_TYPE,
  decodeModel,
  encodeModel,
  type GraphProto,
  type NodeProto,
  type Partially,
  type TensorProto,
} from "./proto.ts";
import { floatTensor, floatValue, node, writeModel } from "./write.ts";

type Node = Partially<NodeProto>;

const int64 = (name: string, values: readonly number[]): Partially<TensorProto> => ({
  name,
  dims: [values.length],
  dataType: DATA_TYPE.INT64,
  int64Data: [...values],
});
const float = (name: string, f: number): Partially<AttributeProto> => ({ name, type: ATTRIBUTE_TYPE.FLOAT, f });
const numbers = (count: number, seed = 1) => Array.from({ length: count }, (_, i) => ((i * 37 * seed + 11) % 17) / 4 - 2);

function file(
  nodes: readonly Node[],
  inShape: readonly number[],
  initializers: readonly Partially<TensorProto>[] = [],
  rest: Partially<GraphProto> = {},
): Uint8Array {
  const output = nodes.at(-1)?.output?.[0] ?? "";
  return writeModel(
    {
      name: "test",
      input: [floatValue("x", inShape)],
      node: [...nodes],
      initializer: [...initializers],
      output: [floatValue(output, [1])],
      ...rest,
    },
    20,
    "test",
  );
}

/** The output for the input -2, -1.5, ... */
function outputOf(graph: FloatGraph): number[] {
  const shape = graph.input.shape;
  return [...(runFloat(graph, tensorOf(shape, numbers(sizeOf(shape), 3))).get(graph.output)?.data ?? [])];
}

const run = (...parameters: Parameters<typeof file>) => outputOf(importOnnx(file(...parameters)));
const x = (count: number) => numbers(count, 3);

describe("sums", () => {
  const weight = numbers(6, 5);
  const gemm = (transB: number, wShape: number[], extra: Partially<AttributeProto>[], bias: Partially<TensorProto>) => {
    const n = node("Gemm", "y", ["x", "w", "b"], { transB });
    return run([{ ...n, attribute: [...(n.attribute ?? []), ...extra] }], [1, 3], [floatTensor("w", wShape, weight), bias]);
  };
  const dot = (row: readonly number[]) => row.reduce((s, w, k) => s + w * (x(3)[k] ?? 0), 0);

  it("Gemm with either orientation, alpha and beta", () => {
    const rows = [weight.slice(0, 3), weight.slice(3)];
    const columns = [0, 1].map((o) => [0, 1, 2].map((k) => weight[2 * k + o] ?? 0));
    expect(gemm(1, [2, 3], [], floatTensor("b", [2], [1, -1]))).toEqual([dot(rows[0] ?? []) + 1, dot(rows[1] ?? []) - 1]);
    expect(gemm(0, [3, 2], [float("alpha", 0.5), float("beta", 2)], floatTensor("b", [1, 2], [1, -1]))).toEqual(
      columns.map((c, o) => dot(c) / 2 + (o === 0 ? 2 : -2)),
    );
    expect(gemm(0, [3, 2], [], floatTensor("b", [], [4]))).toEqual(columns.map((c) => dot(c) + 4));
  });

  it("MatMul, and the Add after it as its bias", () => {
    const graph = importOnnx(
      file(
        [node("MatMul", "m", ["x", "w"]), node("Add", "y", ["b", "m"])],
        [1, 3],
        [floatTensor("w", [3, 2], weight), floatTensor("b", [2], [1, 2])],
      ),
    );
    expect(graph.nodes.map((n) => n.kind)).toEqual(["matmul"]);
    expect(outputOf(graph)).toEqual([0, 1].map((o) => dot([0, 1, 2].map((k) => weight[2 * k + o] ?? 0)) + o + 1));
  });

  it("MatMul over the last of several dimensions", () => {
    expect(run([node("MatMul", "y", ["x", "w"])], [1, 2, 3], [floatTensor("w", [3, 1], [1, 10, 100])])).toEqual(
      [0, 3].map((r) => [1, 10, 100].reduce((s, w, k) => s + w * (x(6)[r + k] ?? 0), 0)),
    );
  });

  it("Add of two values, and of a constant that is no bias", () => {
    const twice = [node("Relu", "r", ["x"]), node("Add", "y", ["r", "x"])];
    expect(run(twice, [1, 4])).toEqual(x(4).map((v) => Math.max(0, v) + v));
    const graph = importOnnx(file([node("Add", "y", ["x", "c"])], [1, 2, 3], [floatTensor("c", [2, 1], [1, 2])]));
    expect(outputOf(graph)).toEqual(x(6).map((v, i) => v + (i < 3 ? 1 : 2)));
  });

  it("does not fold an Add into a sum that something else reads", () => {
    const nodes = [node("MatMul", "m", ["x", "w"]), node("Add", "a", ["m", "b"]), node("Add", "y", ["a", "m"])];
    const result = run(nodes, [1, 3], [floatTensor("w", [3, 1], [1, 1, 1]), floatTensor("b", [1], [5])]);
    expect(result).toEqual([2 * x(3).reduce((a, b) => a + b) + 5]);
  });
});

describe("windows", () => {
  it.each([
    ["SAME_UPPER", 5, 2, 2, [0, 1]],
    ["SAME_LOWER", 5, 2, 2, [1, 0]],
    ["SAME_UPPER", 6, 3, 1, [1, 1]],
    ["SAME_UPPER", 6, 4, 1, [1, 2]],
    ["SAME_LOWER", 6, 4, 1, [2, 1]],
    ["VALID", 6, 3, 1, [0, 0]],
  ] as const)("Conv with auto_pad %s on %i cells, kernel %i, stride %i", (auto, size, kernel, stride, [before, after]) => {
    const weight = numbers(kernel, 7);
    const implicit = importOnnx(
      file(
        [node("Conv", "y", ["x", "w"], { auto_pad: auto, strides: [1, stride] })],
        [1, 1, 1, size],
        [floatTensor("w", [1, 1, 1, kernel], weight)],
      ),
    );
    const explicit = importOnnx(
      file(
        [node("Conv", "y", ["x", "w"], { pads: [0, before, 0, after], strides: [1, stride] })],
        [1, 1, 1, size],
        [floatTensor("w", [1, 1, 1, kernel], weight)],
      ),
    );
    expect(implicit.nodes).toEqual(explicit.nodes);
    const outputs = auto === "VALID" ? size - kernel + 1 : Math.ceil(size / stride);
    const expected = Array.from({ length: outputs }, (_, o) =>
      weight.reduce((s, w, k) => s + w * (x(size)[o * stride + k - before] ?? 0), 0),
    );
    expect(outputOf(implicit)).toEqual(expected);
  });

  it("MaxPool leaves padding out, AveragePool counts it as zeros", () => {
    const attributes = { kernel_shape: [1, 3], pads: [0, 1, 0, 1] };
    const v = x(4);
    expect(run([node("MaxPool", "y", ["x"], attributes)], [1, 1, 1, 4])).toEqual(
      [0, 1, 2, 3].map((i) => Math.max(...v.slice(Math.max(0, i - 1), i + 2))),
    );
    const mean = [0, 1, 2, 3].map((i) => v.slice(Math.max(0, i - 1), i + 2).reduce((s, a) => s + a / 3, 0));
    expect(run([node("AveragePool", "y", ["x"], { ...attributes, count_include_pad: 1 })], [1, 1, 1, 4])).toEqual(mean);
    expect(() => run([node("AveragePool", "pool", ["x"], attributes)], [1, 1, 1, 4])).toThrow("count_include_pad");
    expect(run([node("GlobalAveragePool", "y", ["x"])], [1, 2, 1, 2])).toEqual([
      (v[0] ?? 0) / 2 + (v[1] ?? 0) / 2,
      (v[2] ?? 0) / 2 + (v[3] ?? 0) / 2,
    ]);
  });

  it("refuses groups and sizes rounded up", () => {
    expect(() => run([node("Conv", "c", ["x", "w"], { group: 2 })], [1, 2, 1, 4], [floatTensor("w", [2, 1, 1, 1], [1, 1])])).toThrow(
      "Node c has group 2",
    );
    expect(() => run([node("MaxPool", "p", ["x"], { kernel_shape: [1, 2], strides: [1, 2], ceil_mode: 1 })], [1, 1, 1, 5])).toThrow(
      "ceil_mode",
    );
    expect(run([node("MaxPool", "p", ["x"], { kernel_shape: [1, 2], strides: [1, 2], ceil_mode: 1 })], [1, 1, 1, 4])).toHaveLength(2);
  });
});

describe("shapes", () => {
  it("Flatten, Reshape with 0 and -1, Transpose, Identity and Dropout", () => {
    const nodes = [
      node("Transpose", "t", ["x"], { perm: [0, 2, 1] }),
      node("Identity", "i", ["t"]),
      node("Reshape", "r", ["i", "s"]),
      node("Dropout", "d", ["r"]),
      node("Flatten", "f", ["d"]),
      node("MatMul", "y", ["f", "w"]),
    ];
    const result = run(nodes, [1, 2, 3], [int64("s", [0, -1, 2]), floatTensor("w", [6, 1], [1, 10, 100, 1000, 10000, 100000])]);
    const turned = [0, 3, 1, 4, 2, 5].map((i) => x(6)[i] ?? 0);
    expect(result).toEqual([turned.reduce((s, v, k) => s + v * 10 ** k, 0)]);
  });

  it("reshapes constants, from a Constant node too", () => {
    const value = { name: "value", type: ATTRIBUTE_TYPE.TENSOR, t: floatTensor("", [1, 3, 1], [1, 2, 3]) };
    const nodes: Node[] = [
      { opType: "Constant", output: ["c"], attribute: [value] },
      node("Reshape", "w", ["c", "s"]),
      node("MatMul", "y", ["x", "w"]),
    ];
    expect(run(nodes, [1, 3], [int64("s", [3, 1])])).toEqual([x(3).reduce((s, v, k) => s + v * (k + 1), 0)]);
  });

  it("refuses to move the batch", () => {
    expect(() => run([node("Transpose", "t", ["x"], { perm: [1, 0] })], [1, 3])).toThrow("batch");
    expect(() => run([node("Reshape", "r", ["x", "s"])], [1, 4], [int64("s", [2, 2])])).toThrow("batch");
  });
});

describe("functions", () => {
  it.each([
    ["Relu", (v: number) => Math.max(0, v)],
    ["Sigmoid", (v: number) => 1 / (1 + Math.exp(-v))],
    ["Tanh", Math.tanh],
    ["Swish", (v: number) => v / (1 + Math.exp(-v))],
  ] as const)("%s", (operator, f) => {
    expect(run([node(operator, "y", ["x"])], [1, 5])).toEqual(x(5).map(f));
  });

  it("Gelu in both forms", () => {
    const exact = run([node("Gelu", "y", ["x"])], [1, 5]);
    const approximate = run([node("Gelu", "y", ["x"], { approximate: "tanh" })], [1, 5]);
    for (const [i, v] of exact.entries()) {
      expect(Math.abs(v - (approximate[i] ?? 0))).toBeLessThan(1e-3);
      expect(Math.abs(v - (x(5)[i] ?? 0) / (1 + Math.exp(-1.702 * (x(5)[i] ?? 0))))).toBeLessThan(0.03);
    }
    expect(exact).not.toEqual(approximate);
  });

  it("x times Sigmoid(x) is Silu, without the sigmoid", () => {
    const graph = importOnnx(file([node("Sigmoid", "s", ["x"]), node("Mul", "y", ["x", "s"])], [1, 5]));
    expect(graph.nodes.map((n) => ("map" in n ? n.map : n.kind))).toEqual(["silu"]);
    expect(outputOf(graph)).toEqual(x(5).map((v) => v / (1 + Math.exp(-v))));
    expect(() => run([node("Relu", "r", ["x"]), node("Mul", "times", ["x", "r"])], [1, 5])).toThrow("Node times is a Mul");
  });

  it("Softmax and ArgMax at the end are left out, with a note; elsewhere refused", () => {
    const graph = importOnnx(file([node("Relu", "r", ["x"]), node("Softmax", "y", ["r"], { axis: 1 })], [1, 5]));
    expect(graph.output).toBe("r");
    expect(graph.notes).toHaveLength(1);
    expect(importOnnx(file([node("Relu", "r", ["x"]), node("ArgMax", "y", ["r"], { axis: 1 })], [1, 5])).output).toBe("r");
    expect(() => importOnnx(file([node("Softmax", "s", ["x"]), node("Relu", "y", ["s"])], [1, 5]))).toThrow("Node s is a Softmax");
    expect(() => importOnnx(file([node("Softmax", "s", ["x"], { axis: 1 })], [1, 2, 3]))).toThrow(ModelError);
  });
});

describe("refusals", () => {
  it("name operator and node", () => {
    expect(() => run([node("LSTM", "memory", ["x"])], [1, 3])).toThrow("Node memory is the operator LSTM, which circlet does not admit");
    expect(() => run([{ ...node("Gelu", "g", ["x"]), domain: "com.microsoft" }], [1, 3])).toThrow("com.microsoft.Gelu");
    expect(() => run([node("constructor", "c", ["x"])], [1, 3])).toThrow("operator constructor");
  });

  it("name the tensor that is not finite, incomplete or elsewhere", () => {
    const product = [node("MatMul", "y", ["x", "w"])];
    expect(() => run(product, [1, 3], [floatTensor("w", [3, 1], [1, Number.NaN, 2])])).toThrow("Tensor w has the value NaN at element 1");
    expect(() => run(product, [1, 3], [floatTensor("w", [3, 1], [1, 2, Number.POSITIVE_INFINITY])])).toThrow("Infinity");
    expect(() => run(product, [1, 3], [{ ...floatTensor("w", [3, 1], [1, 2, 3]), dims: [4, 1] }])).toThrow("Tensor w has 12 bytes");
    expect(() => run(product, [1, 3], [{ name: "w", dims: [3, 1], dataType: DATA_TYPE.FLOAT, dataLocation: 1 }])).toThrow("another file");
  });

  it("say what is wrong with a file cut off anywhere", () => {
    const whole = file([node("MatMul", "y", ["x", "w"])], [1, 3], [floatTensor("w", [3, 1], [1, 2, 3])]);
    expect(importOnnx(whole).nodes).toHaveLength(1);
    let tried = 0;
    for (let length = 0; length < whole.length; length += 3) {
      let error: unknown;
      try {
        importOnnx(whole.subarray(0, length));
      } catch (caught) {
        error = caught;
      }
      expect(error instanceof SyntaxError || error instanceof ModelError).toBe(true);
      expect((error as Error).message).not.toContain("\n");
      tried++;
    }
    expect(tried).toBeGreaterThan(20);
  });

  it("name values that nothing makes, a second input, a size that is unknown", () => {
    expect(() => run([node("Relu", "y", ["z"])], [1, 3])).toThrow("z");
    expect(() =>
      importOnnx(file([node("Add", "y", ["x", "z"])], [1, 3], [], { input: [floatValue("x", [1, 3]), floatValue("z", [1, 3])] })),
    ).toThrow("2 inputs");
    const model = decodeModel(file([node("Relu", "y", ["x"])], [1, 3]));
    const sized = (dim: Partially<{ dimValue: number; dimParam: string }>[]) =>
      encodeModel({
        ...model,
        graph: { ...model.graph, input: [{ name: "x", type: { tensorType: { elemType: 1, shape: { dim } } } }] },
      } as Parameters<typeof encodeModel>[0]);
    expect(() => importOnnx(sized([{ dimValue: 1 }, { dimValue: 2 ** 40 }]))).toThrow("more than 67108864 cells");
    expect(() => run([node("MaxPool", "p", ["x"], { kernel_shape: [1, 1], pads: [0, 2 ** 31, 0, 2 ** 31] })], [1, 1, 1, 4])).toThrow(
      ModelError,
    );
    expect(importOnnx(sized([{ dimParam: "batch" }, { dimValue: 3 }])).input.shape).toEqual([3]);
    expect(() => importOnnx(sized([{ dimValue: 1 }, { dimParam: "width" }]))).toThrow("no fixed size in dimension 1");
  });
});
