/**
 * Rotary channels in circlet's order. Many files pair channel p of a head with p + headWidth / 2; here the two are neighbours, 2p and 2p + 1. Scores are sums over
 * a head's channels, so queries and keys may be reordered alike.
 */
import { type LazyTensor, withRows } from "../../tensor/lazy.ts";
import type { FloatTensor } from "../../tensor/tensor.ts";
import type { Linear } from "./model.ts";

/** A tensor whose rows are the channels of heads of `headWidth`, half-split, with pairs side by side. */
export function interleavedRows(tensor: FloatTensor, headWidth: number): LazyTensor {
  const half = headWidth / 2;
  const order = Int32Array.from({ length: tensor.shape[0] ?? 0 }, (_, row) => {
    const channel = row % headWidth;
    return row - channel + (channel >> 1) + (channel % 2) * half;
  });
  return withRows(tensor, order);
}

export function interleavedLinear({ weight, bias }: Linear, headWidth: number): Linear {
  return { weight: interleavedRows(weight, headWidth), ...(bias && { bias: interleavedRows(bias, headWidth) }) };
}
