import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { type ModelDescription, parseDescription } from "./description.ts";
import { loadModel } from "./load.ts";
import { floatTensor, floatValue, node, writeModel } from "./onnx/write.ts";

const onnx = writeModel(
  {
    name: "tiny",
    input: [floatValue("x", [1, 2])],
    output: [floatValue("y", [1, 2])],
    node: [node("MatMul", "y", ["x", "w"])],
    initializer: [floatTensor("w", [2, 2], [1, -1, 0.5, 2])],
  },
  13,
  "test",
);
const description: ModelDescription = { name: "tiny", input: { kind: "tensor", exponent: 2, range: [-8, 8] } };
const json = JSON.stringify(description);

describe("loadModel()", () => {
  it("reads a folder, a file, bytes and a Blob alike", async () => {
    const files = new Map([
      ["m/model.onnx", onnx],
      ["m/model.json", new TextEncoder().encode(json)],
    ]);
    const read = async (location: string) => files.get(location) ?? Promise.reject(new Error("no such file"));
    const folder = await loadModel("m/", { read });
    expect(folder.input).toEqual({ kind: "tensor", shape: [2], exponent: 2, range: [-8, 8] });
    expect(folder.output.labels).toEqual(["0", "1"]);
    expect(folder.compiled.run({ shape: [2], data: Int32Array.of(4, 1) }).classIndex).toBe(0);
    for (const model of [
      await loadModel("m/model.onnx", { read }),
      await loadModel(onnx, { description }),
      await loadModel(new Blob([onnx.slice().buffer]), { description }),
    ])
      expect(model.program).toEqual(folder.program);
    await expect(loadModel("elsewhere", { read })).rejects.toThrow("Cannot read elsewhere/model.onnx");
    await expect(loadModel(onnx)).rejects.toThrow(ModelError);
  });

  it("reads bundled models through a given reader, as a browser does", async () => {
    const asked: string[] = [];
    const read = async (location: string) => {
      asked.push(location);
      return new Uint8Array(readFileSync(new URL(location.replace("https://host/", "../../"), import.meta.url)));
    };
    const model = await loadModel("lande", { read, bundled: "https://host/models/" });
    expect(model.output.labels).toHaveLength(50);
    expect(asked).toEqual(["https://host/models/lande/model.onnx", "https://host/models/lande/model.json"]);
  });

  it("refuses a description that does not fit", async () => {
    await expect(loadModel(onnx, { description: { ...description, labels: ["a"] } })).rejects.toThrow("1 labels");
    await expect(loadModel(onnx, { description: { name: "n", input: { kind: "ngrams", groups: [["a"]], exponent: 3 } } })).rejects.toThrow(
      "1 input cells",
    );
  });

  it("divides the input where the description says so", async () => {
    const divided = await loadModel(onnx, {
      description: { name: "tiny", input: { kind: "tensor", exponent: 0, range: [0, 255], divisor: 255 } },
    });
    const [product] = divided.graph.nodes;
    expect(product?.kind === "matmul" && [...product.weight.data]).toEqual([1 / 255, 0.5 / 255, -1 / 255, 2 / 255]);
  });
});

describe("parseDescription()", () => {
  it("keeps what it knows", () => {
    const full = { ...description, labels: ["a", "b"], quantization: { tableBits: 12, exponents: { y: 3 } } };
    expect(parseDescription(JSON.stringify(full))).toEqual(full);
  });

  it.each([
    ["{", "not JSON"],
    ["{}", "no name"],
    ['{"name": "n"}', "input.exponent"],
    ['{"name": "n", "input": {"kind": "sound", "exponent": 1}}', "input.kind"],
    ['{"name": "n", "input": {"kind": "tensor", "exponent": 1, "range": [2, 1]}}', "input.range"],
    ['{"name": "n", "input": {"kind": "tensor", "exponent": 1, "range": [0, 1], "divisor": 0}}', "input.divisor"],
    ['{"name": "n", "input": {"kind": "ngrams", "exponent": 1, "groups": [["a", "bc"]]}}', "input.groups"],
    ['{"name": "n", "labels": [1], "input": {"kind": "tensor", "exponent": 1, "range": [0, 1]}}', "labels"],
    ['{"name": "n", "quantization": {"tableBits": 40}, "input": {"kind": "tensor", "exponent": 1, "range": [0, 1]}}', "tableBits is 40"],
    ['{"name": "n", "quantization": {"other": 4}, "input": {"kind": "tensor", "exponent": 1, "range": [0, 1]}}', "other is 4"],
    ['{"name": "n", "quantization": {"exponents": {"y": 0.5}}, "input": {"kind": "tensor", "exponent": 1, "range": [0, 1]}}', "exponents"],
  ])("refuses %s", (text, message) => {
    expect(() => parseDescription(text)).toThrow(message);
    expect(() => parseDescription(text)).toThrow(ModelError);
  });
});
