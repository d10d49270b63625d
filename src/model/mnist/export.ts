/** The MNIST network as an ONNX file (opset 13, standard operators), and its parameters back from such a file. */
import { decodeModel } from "../onnx/proto.ts";
import { floatTensor, floatValue, node, writeModel } from "../onnx/write.ts";
import type { Layer } from "./layers.ts";
import { mnistLayers, parametersOf } from "./network.ts";

/** Input "image" 1x1x28x28, pixels / 255; output "scores" 1x10. Node outputs have the node's name. */
export function mnistModel(layers: readonly Layer[]): Uint8Array {
  const conv = { kernel_shape: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2] };
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  return writeModel(
    {
      name: "mnist-small",
      input: [floatValue("image", [1, 1, 28, 28])],
      node: [
        node("Conv", "conv1", ["image", "conv1.weight", "conv1.bias"], conv),
        node("Relu", "relu1", ["conv1"]),
        node("AveragePool", "pool1", ["relu1"], pool),
        node("Conv", "conv2", ["pool1", "conv2.weight", "conv2.bias"], conv),
        node("Relu", "relu2", ["conv2"]),
        node("MaxPool", "pool2", ["relu2"], pool),
        node("Flatten", "flatten", ["pool2"], { axis: 1 }),
        node("Gemm", "scores", ["flatten", "gemm.weight", "gemm.bias"], { transB: 1 }),
      ],
      initializer: parametersOf(layers).map((p) => floatTensor(p.name, p.shape, p.values)),
      output: [floatValue("scores", [1, 10])],
    },
    13,
    "circlet",
  );
}

/** The layers with the parameters of a file that `mnistModel` wrote. @throws RangeError if a parameter is missing or has another size */
export function readMnistModel(bytes: Uint8Array): Layer[] {
  const layers = mnistLayers();
  const { initializer } = decodeModel(bytes).graph;
  for (const { name, values } of parametersOf(layers)) {
    const raw = initializer.find((t) => t.name === name)?.rawData;
    if (raw?.length !== 4 * values.length)
      throw new RangeError(`Parameter ${name} has ${raw?.length ?? 0} bytes, expected ${4 * values.length}`);
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  }
  return layers;
}
