import { expect, test } from "vitest";
import { ATTRIBUTE_TYPE, DATA_TYPE, decodeModel, encodeModel } from "./proto.ts";

const conv = () =>
  encodeModel({
    irVersion: 7,
    opsetImport: [{ version: 13 }],
    graph: {
      name: "g",
      node: [
        {
          name: "conv",
          opType: "Conv",
          input: ["x", "", "b"],
          output: ["y"],
          attribute: [
            { name: "pads", type: ATTRIBUTE_TYPE.INTS, ints: [2, 2, -1, 2] },
            { name: "alpha", type: ATTRIBUTE_TYPE.FLOAT, f: 0.5 },
          ],
        },
      ],
      initializer: [{ name: "b", dims: [1, 2], dataType: DATA_TYPE.FLOAT, rawData: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64) }],
      input: [
        { name: "x", type: { tensorType: { elemType: DATA_TYPE.FLOAT, shape: { dim: [{ dimParam: "n" }, { dimValue: 28 }, {}] } } } },
      ],
      output: [{ name: "y" }],
    },
  });

test("bytes laid out by hand from the public field numbers decode", () => {
  const node = [0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22, 0x04, 0x52, 0x65, 0x6c, 0x75]; // input 1 "x", output 2 "y", op_type 4 "Relu"
  const tensor = [0x0a, 0x01, 0x02, 0x10, 0x01, 0x22, 0x08, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0x42, 0x01, 0x77]; // dims 1, data_type 2, float_data 4, name 8
  const graph = [0x0a, node.length, ...node, 0x2a, tensor.length, ...tensor];
  const model = decodeModel(Uint8Array.of(0x08, 0x07, 0x3a, graph.length, ...graph, 0x42, 0x02, 0x10, 0x0d));
  expect(model.irVersion).toBe(7);
  expect(model.opsetImport).toEqual([{ domain: "", version: 13 }]);
  expect(model.graph.node).toMatchObject([{ input: ["x"], output: ["y"], opType: "Relu", name: "", attribute: [] }]);
  expect(model.graph.initializer).toMatchObject([{ name: "w", dims: [2], dataType: 1, floatData: [1, -2] }]);
});

test("what was written is read back, with defaults for what was left out", () => {
  const model = decodeModel(conv());
  const [node] = model.graph.node;
  expect(node).toMatchObject({ name: "conv", opType: "Conv", domain: "", input: ["x", "", "b"], output: ["y"] });
  expect(node?.attribute).toMatchObject([
    { name: "pads", type: 7, ints: [2, 2, -1, 2], t: null },
    { name: "alpha", type: 1, f: 0.5, ints: [] },
  ]);
  expect(Array.from(model.graph.initializer[0]?.rawData ?? [])).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
  expect(model.graph.input[0]?.type).toEqual({ tensorType: { elemType: 1, shape: { dim: [{ dimParam: "n" }, { dimValue: 28 }, {}] } } });
  expect(model.graph.output).toEqual([{ name: "y", type: null, docString: "" }]);
  expect(Array.from(encodeModel(model))).toEqual(Array.from(conv()));
});

test("bytes in a Node Buffer give plain byte views", () => {
  expect(decodeModel(Buffer.from(conv())).graph.initializer[0]?.rawData.constructor).toBe(Uint8Array);
});

test("every proper prefix is refused with a SyntaxError", () => {
  const bytes = conv();
  for (let n = 0; n < bytes.length; n++) expect(() => decodeModel(bytes.subarray(0, n)), `${n} bytes`).toThrow(SyntaxError);
});

test("garbage is refused with a SyntaxError", () => {
  for (const bytes of [
    [0xff, 0xff, 0xff],
    [0x3a, 0x80],
    [0x0f],
    [0x3a, 0x00],
    Array.from(new TextEncoder().encode("GGUF not an ONNX file")),
  ])
    expect(() => decodeModel(Uint8Array.from(bytes))).toThrow(SyntaxError);
});
