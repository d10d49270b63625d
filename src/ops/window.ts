/** Sliding windows over the last two dimensions of [channels, height, width]: input index i = output index o * stride + window index k * dilation - pad. */
import { ModelError } from "../errors.ts";
import type { SystemBuilder } from "../system/builder.ts";
import type { AxisId, Factor } from "../system/types.ts";
import type { View } from "../tensor/integers.ts";
import type { DeviceTensor, NodeBase } from "./operator.ts";

type Pair = readonly [number, number];

/** Vertical first, horizontal second. */
export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Rows above and columns to the left of the image. */
  readonly padsBefore: Pair;
  /** Rows below and columns to the right. */
  readonly padsAfter: Pair;
}

/** The height and width of the output. @throws ModelError if the input is no image or the window does not fit */
export function windowOutput(node: NodeBase, window: Window, input: readonly number[]): [number, number] {
  if (input.length !== 3)
    throw new ModelError(`Node ${node.name} slides a window over shape [${input}], it needs [channels, height, width]`);
  const along = (d: 0 | 1): number => {
    const reach = (window.kernel[d] - 1) * window.dilations[d] + 1;
    const size = Math.floor(((input[d + 1] ?? 0) + window.padsBefore[d] + window.padsAfter[d] - reach) / window.strides[d]) + 1;
    if (size < 1) throw new ModelError(`Node ${node.name} has a window larger than its input of shape [${input}]`);
    return size;
  };
  return [along(0), along(1)];
}

/** The output indices [first, end) of dimension d for which window index k lies in the image. */
export function insideOutputs(window: Window, d: 0 | 1, k: number, inputSize: number, outputSize: number): [number, number] {
  const offset = k * window.dilations[d] - window.padsBefore[d];
  const first = Math.max(0, Math.ceil(-offset / window.strides[d]));
  const end = Math.min(outputSize, Math.floor((inputSize - 1 - offset) / window.strides[d]) + 1);
  return [first, Math.max(first, end)];
}

/** Whether every window lies in the image. */
export function allInside(window: Window, input: readonly number[], output: Pair): boolean {
  return ([0, 1] as const).every((d) => {
    const last = (output[d] - 1) * window.strides[d] + (window.kernel[d] - 1) * window.dilations[d] - window.padsBefore[d];
    return window.padsBefore[d] === 0 && last < (input[d + 1] ?? 0);
  });
}

/** The axes of a window's outputs and of the window itself, vertical first. */
export interface WindowAxes {
  readonly output: readonly [AxisId, AxisId];
  readonly kernel: readonly [AxisId, AxisId];
}

export function windowAxes(builder: SystemBuilder, node: NodeBase, window: Window, output: Pair): WindowAxes {
  return {
    output: [builder.axis(`${node.name} rows`, output[0]), builder.axis(`${node.name} columns`, output[1])],
    kernel: [builder.axis(`${node.name} window rows`, window.kernel[0]), builder.axis(`${node.name} window columns`, window.kernel[1])],
  };
}

/** An image seen through windows: loop indices of the channel, of output row and column, and of the cell in the window; `indices` in all. */
export function windowView<C>(
  image: DeviceTensor<C>,
  window: Window,
  channel: number,
  output: Pair,
  kernel: Pair,
  indices: number,
): View<C> {
  const [channels = 0, height = 0, width = 0] = image.shape;
  const steps = (...along: readonly Pair[]): number[] => {
    const all = new Array<number>(indices).fill(0);
    for (const [index, step] of along) all[index] = step;
    return all;
  };
  const slide = (d: 0 | 1, size: number, stride: number) => ({
    size,
    stride,
    offset: -window.padsBefore[d],
    steps: steps([output[d], window.strides[d]], [kernel[d], window.dilations[d]]),
  });
  return {
    cells: image.cells,
    coordinates: [
      { size: channels, stride: height * width, offset: 0, steps: steps([channel, 1]) },
      slide(0, height, width),
      slide(1, width, 1),
    ],
  };
}

/** One `window` factor a direction. */
export function windowFactors(window: Window, axes: WindowAxes, image: Pair): Factor[] {
  return ([0, 1] as const).map((d) => ({
    kind: "window",
    axes: [axes.output[d], axes.kernel[d], image[d]],
    stride: window.strides[d],
    dilation: window.dilations[d],
    pad: window.padsBefore[d],
  }));
}
