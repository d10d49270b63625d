import { expect, test } from "vitest";
import { decodeModel } from "./proto.ts";
import { floatTensor, floatValue, node, writeModel } from "./write.ts";

test("a written graph reads back with typed attributes, shapes and little-endian floats", () => {
  const model = decodeModel(
    writeModel(
      {
        node: [node("Conv", "c", ["x", "w"], { pads: [1, 1], group: 1, auto_pad: "NOTSET" })],
        initializer: [floatTensor("w", [1, 2], [1, -0.1])],
        input: [floatValue("x", [1, 3])],
      },
      13,
      "test",
    ),
  );
  expect(model).toMatchObject({ irVersion: 7, producerName: "test", opsetImport: [{ domain: "", version: 13 }] });
  const [conv] = model.graph.node;
  expect(conv).toMatchObject({ name: "c", opType: "Conv", input: ["x", "w"], output: ["c"] });
  expect(conv?.attribute.map((a) => [a.name, a.type])).toEqual([
    ["pads", 7],
    ["group", 2],
    ["auto_pad", 3],
  ]);
  expect(conv?.attribute[0]?.ints).toEqual([1, 1]);
  expect(conv?.attribute[1]?.i).toBe(1);
  expect(new TextDecoder().decode(conv?.attribute[2]?.s)).toBe("NOTSET");
  expect(model.graph.input[0]?.type?.tensorType).toEqual({ elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: 3 }] } });
  expect(Array.from(model.graph.initializer[0]?.rawData ?? [])).toEqual([0, 0, 0x80, 0x3f, 0xcd, 0xcc, 0xcc, 0xbd]);
});

test("values that do not fit are refused", () => {
  expect(() => floatTensor("w", [2, 2], [1, 2, 3])).toThrow("Tensor w of shape [2,2] has 4 values, 3 were given");
  expect(() => node("Gemm", "g", [], { alpha: 0.5 })).toThrow(RangeError);
});
