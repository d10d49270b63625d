import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeModel } from "../onnx/proto.ts";
import { loadMnist } from "./data.ts";
import { mnistModel, readMnistModel } from "./export.ts";
import { countCorrect, parametersOf } from "./network.ts";

const bytes = new Uint8Array(readFileSync(new URL("../../../models/mnist-small/model.onnx", import.meta.url)));

test("the shipped file is what the exporter writes, and its graph is a chain of named nodes", () => {
  const layers = readMnistModel(bytes);
  expect(Buffer.compare(mnistModel(layers), bytes)).toBe(0);
  const { graph, opsetImport } = decodeModel(bytes);
  expect(opsetImport).toEqual([{ domain: "", version: 13 }]);
  expect(graph.node.map((n) => n.opType)).toEqual(["Conv", "Relu", "AveragePool", "Conv", "Relu", "MaxPool", "Flatten", "Gemm"]);
  graph.node.forEach((n, i) => {
    expect(n.input[0]).toBe(i === 0 ? graph.input[0]?.name : graph.node[i - 1]?.name);
    expect(n.output).toEqual([n.name]);
  });
  expect(parametersOf(layers).reduce((sum, p) => sum + p.values.length, 0)).toBe(11_274);
});

test("the shipped weights recognize as many of the first 500 test images as when they were made", () => {
  const { images, labels } = loadMnist("test");
  expect(countCorrect(readMnistModel(bytes), images, labels, 500)).toBe(496);
});

test("a file without one of the parameters is refused", () => {
  expect(() => readMnistModel(mnistModel([]))).toThrow("Parameter conv1.weight has 0 bytes, expected 800");
});
